"""Keeps the broker's files as the store says, and looks when certificates end. One thread, and whoever cannot wait."""

import logging
import sqlite3
import threading
from datetime import UTC, datetime
from typing import Final

from sqlite_utils import Database

from hub_server.issuing.access_list import Guests, access_list
from hub_server.issuing.broker_files import BrokerFiles
from hub_server.issuing.issuer import Issuer
from hub_server.store import alarms, broker_access, certificates
from hub_server.store.alarms import AlarmKind
from hub_server.store.certificates import ENDING_US, REPLACED, Certificate
from hub_server.store.errors import StoreClosedError, StoreError
from hub_server.store.store import Store
from hub_server.watch.zone import OFFICE_ZONE

LOOK_S: Final = 2.0
RETRY_S: Final = 30.0
ENDS_EVERY_S: Final = 3600.0
DEVICES: Final = "certificates/devices"
ISSUING: Final = "certificates/issuing"
BROKER: Final = "certificates/broker"
_log = logging.getLogger(__name__)


class Keeper:
    """Starts with the hub and stops with it."""

    def __init__(
        self,
        *,
        store: Store,
        issuer: Issuer,
        site: str,
        files: BrokerFiles | None,
        guests: Guests,
        look_s: float = LOOK_S,
    ) -> None:
        """`files` None: the broker's are somebody else's affair."""
        self._store = store
        self._issuer = issuer
        self._site = site
        self._files = files
        self._guests = guests
        self._look_s = look_s
        self._one_at_a_time = threading.Lock()
        self._kept: int | None = None  # the revision that the files are of
        self.trouble = ""
        """What keeps the files from being written; "": nothing does."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="issuing", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def settle(self) -> str:
        """Brings the files up to the store: "written", "unchanged", "not_kept" or "failing: ..."."""
        if self._files is None:
            return "not_kept"
        with self._one_at_a_time:
            try:
                written = self._settle(self._files)
            except (OSError, ValueError) as error:
                told = error.strerror or str(error) if isinstance(error, OSError) else str(error)
                self._note(f"{self._files.folder}: {told}")
                return f"failing: {self.trouble}"
            self._note("")
            return "written" if written else "unchanged"

    def look_at_ends(self) -> None:
        """Alarms about what ends soon, and an end to the sessions of what has ended. Raises StoreError."""
        now_us = self._store.now_us()
        self._end_sessions(now_us)
        with self._store.read() as db:
            ending = certificates.ending(db, before_us=now_us + ENDING_US)
            standing = alarms.standing(db, AlarmKind.CERTIFICATE)
        told = {
            DEVICES: _devices(ending),
            ISSUING: _issuing(self._issuer.ends_us) if self._issuer.ends_us < now_us + ENDING_US else "",
            BROKER: f"写不进代理服务器的文件；cannot write the broker's files: {self.trouble}" if self.trouble else "",
        }
        if any(bool(detail) != (subject in standing) for subject, detail in told.items()):
            self._store.write(lambda db: _tell(db, told, now_us))

    def _end_sessions(self, now_us: int) -> None:
        """The broker looks at a certificate when somebody connects, and never again."""
        files = self._files
        if files is None:
            return
        with self._one_at_a_time, self._store.read() as db:
            try:
                since_us = files.looked_us()
                if since_us is not None and certificates.count_ended(db, from_us=since_us, before_us=now_us):
                    files.restart()
                files.note_look(now_us)
            except OSError as error:
                self._note(f"{files.folder}: {error.strerror or error}")

    def _settle(self, files: BrokerFiles) -> bool:
        now_us = self._store.now_us()
        with self._store.read() as db:
            revision = broker_access.revision(db)
            if revision == self._kept:
                return False
            allowed = broker_access.allowed(db)
            revoked = certificates.revoked(db, now_us=now_us)
        there = files.read()
        crl, fresh = self._issuer.listed(there.crl, {one.serial: one.pem for one in revoked}, now_us=now_us)
        stolen = any(one.serial in fresh and one.reason != REPLACED for one in revoked)
        acl = access_list(self._site, allowed, self._guests).encode()
        written = files.write(acl=acl, crl=crl, restart=stolen)
        self._kept = revision
        if written:
            _log.info("the broker's files are new: %d devices, %d more revoked", len(allowed), len(fresh))
        return written

    def _note(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            _log.error("the broker's files cannot be written: %s; it is tried again", trouble)
        elif self.trouble and not trouble:
            _log.warning("the broker's files are written again")
        self.trouble = trouble

    def _run(self) -> None:
        left_s = wait_s = 0.0
        told = ""
        while not self._stopping.wait(wait_s):
            try:
                self.settle()
                if left_s <= 0 or told != self.trouble:
                    told = self.trouble
                    self.look_at_ends()
                    left_s = ENDS_EVERY_S
            except StoreClosedError:
                return
            except (StoreError, sqlite3.Error):
                _log.exception("certificates and the broker's files could not be looked at; it is tried again")
            wait_s = RETRY_S if self.trouble else self._look_s
            left_s -= wait_s


def _tell(db: Database, told: dict[str, str], now_us: int) -> None:
    for subject, detail in told.items():
        if detail:
            alarms.raise_(
                db, kind=AlarmKind.CERTIFICATE, subject=subject, detail=detail, since_us=now_us, now_us=now_us
            )
        else:
            alarms.clear(db, kind=AlarmKind.CERTIFICATE, subject=subject, now_us=now_us)


def _devices(ending: list[Certificate]) -> str:
    if not ending:
        return ""
    first, count = ending[0], len(ending)
    day = _day(first.ends_us)
    return (
        f"{count} 台设备的证书 60 天内到期，最早的是 {first.device}（{day}）；"
        f"{count} certificates of devices end within 60 days, the first that of {first.device} on {day}"
    )


def _issuing(ends_us: int) -> str:
    day = _day(ends_us)
    return f"签发证书 {day} 到期，之后设备都连不上；the issuing certificate ends on {day}, and every device's with it"


def _day(us: int) -> str:
    return datetime.fromtimestamp(us / 1e6, UTC).astimezone(OFFICE_ZONE).date().isoformat()
