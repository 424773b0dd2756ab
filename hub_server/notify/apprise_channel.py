"""Everything that Apprise reaches. Its yes is taken for a yes; whatever else it says, or nothing in time, is a no."""

import logging
import threading
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import apprise

from hub_server.notify import answers
from hub_server.notify.channel import Channel, DeliveryError, Letter, scheme_of

ANSWER_S_MAX: Final = 30.0
"""For the whole of it. The sockets' own limits are below."""
_OPTIONS: Final = {"cto": "5", "rto": "15", "overflow": "split"}
"""Of Apprise: seconds to connect and to be answered, and a letter too long for the service goes in parts."""
_WEBHOOKS: Final = frozenset({"json", "jsons", "form", "forms", "xml", "xmls"})
"""They carry the key as a header, so that a program can drop what it has got already."""
answers.install()
logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines may hold what the URL must not tell


class AppriseChannel:
    """One Apprise URL."""

    def __init__(self, url: str, *, answer_s: float = ANSWER_S_MAX) -> None:
        """Raises DeliveryError for what Apprise does not know."""
        self._url = url
        self._answer_s = answer_s
        if not apprise.Apprise().add(url):
            raise DeliveryError(f"{scheme_of(url)}: Apprise knows no such URL")

    def send(self, letter: Letter) -> None:
        answers: list[bool] = []
        sending = threading.Thread(target=self._try, args=(letter, answers), name="letter", daemon=True)
        sending.start()
        sending.join(self._answer_s)
        if sending.is_alive():
            raise DeliveryError(f"{scheme_of(self._url)}: no answer in {self._answer_s:.0f} s")
        if not any(answers):
            raise DeliveryError(f"{scheme_of(self._url)}: was not taken")

    def _try(self, letter: Letter, answers: list[bool]) -> None:
        try:
            service = apprise.Apprise()
            service.add(_with(self._url, letter.key))
            answers.append(bool(service.notify(title=letter.title, body=letter.body, body_format="text")))
        except Exception:  # noqa: BLE001 a plug-in of somebody else's: whatever it raises is a no
            answers.append(False)


def open_apprise(url: str) -> Channel:
    return AppriseChannel(url)


def _with(url: str, key: str) -> str:
    """The URL, unless it says otherwise, with limits for its sockets, and for letters in parts where one is too long.

    With the key where a header can carry it.
    """
    parts = urlsplit(url)
    extra = [f"{name}={value}" for name, value in _OPTIONS.items() if f"{name}=" not in parts.query]
    if parts.scheme in _WEBHOOKS:
        extra.append(f"+Idempotency-Key={quote(key)}")
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, *extra]))))
