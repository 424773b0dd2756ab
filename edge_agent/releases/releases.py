"""Takes what the hub sends, tries it, keeps it or goes back. Between the uplink's thread and the agent's loop."""

import logging
import threading
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

from edge_agent.blobs.keeping import Refusal
from edge_agent.blobs.receiver import Delivery
from edge_agent.releases import models, records, settings
from edge_agent.releases.models import ModelsKeeper
from edge_agent.releases.record_file import RecordFile
from edge_agent.releases.records import KINDS, Records
from edge_agent.releases.settings import SettingsKeeper, UnusableError
from edge_agent.releases.trial import TRIAL_S, Trial, Verdict
from edge_agent.wire.blobs import Offer, RejectionReason
from edge_agent.wire.device_config import KIND as CONFIG
from edge_agent.wire.model_bundle import KIND as MODEL
from edge_agent.wire.seal import SealError
from edge_agent.wire.sign import SignError

EXIT_RESTART: Final = 75
"""EX_TEMPFAIL of sysexits.h: systemd starts the agent again, and it runs with what is on trial."""
log = logging.getLogger(__name__)


class Beat(Enum):
    """What the loop is to do."""

    GO_ON = "go on"
    TELL = "tell"  # a receipt is due: wake the uplink
    RESTART = "restart"


class Releases:
    """`take`, `confirmed` for the uplink's thread; `beat` and `stopped` for the loop's."""

    def __init__(
        self, *, file: RecordFile, known: Records, settings: SettingsKeeper, models: ModelsKeeper, started_s: float
    ) -> None:
        """`known`: the records of this start. `started_s`: monotonic."""
        self._file = file
        self._records = known
        self._keepers: Mapping[str, SettingsKeeper | ModelsKeeper] = {CONFIG: settings, MODEL: models}
        self._trial = Trial(started_s)
        self._restarts = False
        self._confirmed: list[Offer] = []
        self._lock = threading.Lock()  # never held while something is opened, checked or fetched

    # --- the uplink's thread ---

    @property
    def bytes_max(self) -> Mapping[str, int]:
        return {CONFIG: settings.BLOB_BYTES_MAX, MODEL: models.BLOB_BYTES_MAX}

    def held(self) -> Mapping[str, Offer]:
        """What has proven itself and is in force."""
        with self._lock:
            found = {kind: self._records.of(kind).good for kind in KINDS}
        return {kind: offer for kind, offer in found.items() if offer is not None}

    def refused(self) -> Sequence[tuple[Offer, str]]:
        """What was tried here and gone back from; the hub hears it without sending it again."""
        with self._lock:
            found = [self._records.of(kind).failed for kind in KINDS]
        return [(one.offer, one.detail) for one in found if one is not None]

    def take(self, delivery: Delivery) -> Refusal | None:
        """None: it will be tried, or its turn comes later; the receipt follows through `confirmed`."""
        offer = delivery.offer
        with self._lock:
            one, busy = self._records.of(offer.kind), self._restarts or self._records.on_trial is not None
            if offer == one.good:
                self._confirmed.append(offer)
                return None
            if one.trial is not None and one.trial.offer == offer:
                return None
        why = records.objection(one, offer)
        if why is not None:
            return Refusal(reason=RejectionReason.UNUSABLE, detail=why)
        if busy:
            return None  # one at a time, or nobody could say which of the two was wrong; the hub offers it again
        refusal = self._open(delivery)
        return refusal if refusal is not None else self._accept(offer)

    def confirmed(self) -> Sequence[Offer]:
        """What has proven itself since this was last asked."""
        with self._lock:
            found, self._confirmed = self._confirmed, []
        return found

    def _open(self, delivery: Delivery) -> Refusal | None:
        try:
            self._keepers[delivery.offer.kind].take(delivery.content, delivery.offer.version)
        except (SealError, SignError) as error:
            return Refusal(reason=RejectionReason.NOT_FOR_US, detail=str(error))
        except UnusableError as error:
            return Refusal(reason=RejectionReason.UNUSABLE, detail=str(error))
        except OSError as error:
            return Refusal(reason=RejectionReason.STORAGE, detail=error.strerror or str(error))
        return None

    def _accept(self, offer: Offer) -> Refusal | None:
        with self._lock:
            try:
                self._put(offer.kind, records.accepted(self._records.of(offer.kind), offer))
            except OSError as error:
                return Refusal(reason=RejectionReason.STORAGE, detail=error.strerror or str(error))
            self._restarts = True
        log.warning("%s %d has come: this agent ends, and the next start tries it", offer.kind, offer.version)
        return None

    # --- the loop's thread ---

    def beat(self, now_s: float, *, trouble: str | None) -> Beat:
        """Once a second. `trouble`: why the agent is not well; None: the hub answers, and frames are looked at."""
        with self._lock:
            kind = self._records.on_trial
            if self._restarts or kind is None:
                return Beat.RESTART if self._restarts else Beat.GO_ON
            verdict = self._trial.look(now_s, well=trouble is None)
            try:
                return self._judge(kind, verdict, trouble)
            except OSError:
                log.exception("how the trial of %s went cannot be put on record; it is tried again", kind)
                return Beat.GO_ON

    def stopped(self) -> None:
        """Somebody stops the agent on purpose: this start says nothing about what is on trial."""
        with self._lock:
            kind = self._records.on_trial
            if kind is None or self._restarts:
                return
            try:
                self._put(kind, records.ended_on_purpose(self._records.of(kind)))
            except OSError:
                log.exception("that somebody stopped the agent cannot be put on record")

    def _judge(self, kind: str, verdict: Verdict, trouble: str | None) -> Beat:
        one = self._records.of(kind)
        assert one.trial is not None
        offer = one.trial.offer
        match verdict:
            case Verdict.GOES_ON:
                return Beat.GO_ON
            case Verdict.PASSED:
                self._put(kind, records.passed(one))
                self._confirmed.append(offer)
                log.info("%s %d has proven itself", kind, offer.version)
                self._sweep(kind)
                return Beat.TELL
            case Verdict.FAILED:
                self._put(kind, records.failed(one, f"not well within {TRIAL_S:.0f} s: {trouble or 'on and off'}"))
                self._restarts = True
                log.error("%s %d did not prove itself (%s): going back", kind, offer.version, trouble)
                return Beat.RESTART

    def _put(self, kind: str, one: records.Remembered) -> None:
        """On the disk first. Raises OSError."""
        fresh = self._records.put(kind, one)
        self._file.save(fresh)
        self._records = fresh

    def _sweep(self, kind: str) -> None:
        good = self._records.of(kind).good
        try:
            self._keepers[kind].keep_only(set() if good is None else {good.version})
        except OSError as error:
            log.warning("what is superseded cannot be removed before the next start: %s", error)
