"""The thread that sends commands and takes in pictures. It stands beside the worker: events never wait for it.

What a device says of a command comes as an event, by the worker and into the store; here only the waiting ends.
"""

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge_agent.wire.codec import WireError
from edge_agent.wire.commands import PICTURE, Command, decode_piece, sign_command
from edge_agent.wire.messages import Challenge
from edge_agent.wire.sign import SignError
from hub_server.ingest.command_desk import CommandDesk, GiveUp, Order
from hub_server.ingest.pictures import Pictures
from hub_server.store import commands
from hub_server.store.errors import StoreClosedError, StoreError
from hub_server.store.store import Store

NEWS_MAX: Final = 2000  # that wait; more are dropped: the next challenge comes in 10 s, a picture is asked for again
PIECES_WAITING_MAX: Final = 32  # of them; whatever devices send, memory stays small
IDLE_S: Final = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    device: str
    payload: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class _Challenged:
    challenge: Challenge
    heard_s: float


_News = _Piece | _Challenged | Order


class Commanding:
    """`publish` sends once, QoS 0, or not at all; it must not raise."""

    def __init__(
        self,
        *,
        store: Store,
        site: str,
        signing_key: bytes,
        picture_key: bytes,
        publish: Callable[[str, bytes], bool],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._site = site
        self._signing_key = signing_key
        self._publish = publish
        self._now_s = now_s
        self._desk = CommandDesk()
        self._pictures = Pictures(site=site, private_key=picture_key)
        self._lock = threading.Lock()  # desk and pictures
        self._pieces_waiting = 0
        self._news: queue.Queue[_News | None] = queue.Queue(NEWS_MAX)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commanding", daemon=True)

    # --- for other threads ---

    def start(self) -> None:
        """Raises StoreError. What an earlier hub had under way is given up, never sent again."""
        given_up = self._store.write(lambda db: commands.give_up_all(db, now_us=self._store.now_us()))
        if given_up:
            _log.warning("%d commands of before the start had no answer", given_up)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._enqueue(None)
        self._thread.join()

    def challenged(self, challenge: Challenge) -> None:
        """A device of this name said so on its own topic."""
        self._enqueue(_Challenged(challenge=challenge, heard_s=self._now_s()))

    def piece(self, device: str, payload: bytes) -> None:
        """It came on the `blob/up` of this device."""
        if self._pieces_waiting < PIECES_WAITING_MAX:
            self._pieces_waiting += 1
            self._enqueue(_Piece(device=device, payload=payload))

    def ask(self, order: Order) -> bool:
        """It is stored, and may be sent. False: too many are under way."""
        with self._lock:
            taken = self._desk.ask(order, self._now_s())
            if taken and order.kind == PICTURE:
                self._pictures.expect(order.id, order.device, self._now_s())
        self._enqueue(None)
        return taken

    def picture(self, command: str) -> bytes | None:
        """The JPEG that a command brought, within an hour."""
        with self._lock:
            return self._pictures.get(command, self._now_s())

    def challenge_age_s(self, device: str) -> float | None:
        """How long ago the device last said that it takes commands; None: not since the start."""
        with self._lock:
            return self._desk.challenge_age_s(device, self._now_s())

    def _enqueue(self, news: _News | None) -> None:
        try:
            self._news.put_nowait(news)
        except queue.Full:
            _log.warning("more is said about commands than can be looked at; one message was dropped")

    # --- the thread ---

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.step(self._next(self._wait_s()))
            except StoreClosedError:
                return
            except (StoreError, sqlite3.Error) as error:
                _log.warning("commands wait: %s", error)
            except Exception:  # noqa: BLE001 the root of the thread: one bad message must not end all commands
                _log.exception("commands stumbled")

    def _next(self, timeout_s: float) -> _News | None:
        try:
            return self._news.get(timeout=timeout_s) if timeout_s > 0 else self._news.get_nowait()
        except queue.Empty:
            return None

    def _wait_s(self) -> float:
        with self._lock:
            wait_s = self._desk.wait_s(self._now_s())
        return IDLE_S if wait_s is None else min(wait_s, IDLE_S)

    def step(self, news: _News | None) -> None:
        """One piece of news, or none, and all that is due now."""
        with self._lock:
            self._handle(news)
            self._pictures.forget(self._now_s())
            due = self._desk.due(self._now_s())
        for one in due:
            if isinstance(one, GiveUp):
                self._give_up(one.id)
            else:
                self._send(one)

    def _handle(self, news: _News | None) -> None:
        if isinstance(news, _Challenged):
            said = news.challenge
            self._desk.challenged(said.device, boot=said.boot, challenge=said.challenge, now_s=news.heard_s)
        elif isinstance(news, _Piece):
            self._pieces_waiting -= 1
            self._take(news)

    def _take(self, news: _Piece) -> None:
        try:
            trouble = self._pictures.take(news.device, decode_piece(news.payload), self._now_s())
        except WireError as error:
            trouble = str(error)
        if trouble is not None:
            _log.warning("a piece of a picture from %s is thrown away: %s", news.device, trouble)

    def _send(self, command: Command) -> None:
        """Stored first, sent then: a hub that dies between the two has sent nothing, and never sends it again."""
        try:
            payload = sign_command(command, site=self._site, private_key=self._signing_key)
        except (WireError, SignError) as error:
            self._give_up(command.id, str(error))
            return
        now_us = self._store.now_us()
        if not self._store.write(lambda db: commands.sent(db, command.id, now_us=now_us)):
            return
        if not self._publish(command.device, payload):
            _log.warning("a command to %s was not sent: no connection to the broker", command.device)

    def _give_up(self, id_: str, why: str = "") -> None:
        now_us = self._store.now_us()
        self._store.write(lambda db: commands.give_up(db, id_, now_us=now_us, why=why))
