"""What stops a command: one sentence for people, an exit status and a code for programs."""

from collections.abc import Mapping
from typing import Final

from firmware_config.provision.words import said

EXIT_REFUSED: Final = 1
EXIT_USAGE: Final = 2  # as argparse
EXIT_UNAVAILABLE: Final = 69  # sysexits.h: the hub does not answer
EXIT_UNEXPECTED: Final = 70  # a mistake of ours
EXIT_NOT_ALLOWED: Final = 77  # the hub does not know us, or does not let us
EXIT_INTERRUPTED: Final = 130


class ProvisionError(Exception):
    """A sentence in the language of whoever reads it. `code`: a stable word for --json."""

    def __init__(self, zh: str, en: str, *, status: int = EXIT_REFUSED, code: str = "refused") -> None:
        self.exit_status = status
        self.code = code
        super().__init__(said(zh, en))

    def shown(self) -> dict[str, object]:
        return {"code": self.code, "message": str(self)}


class UsageError(ProvisionError):
    """What was typed cannot be meant."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en, status=EXIT_USAGE, code="usage")


class DeclinedError(ProvisionError):
    """Somebody was asked and said no, or nobody was there to ask."""


class HubError(ProvisionError):
    """The hub refused. `status`: of HTTP; `fields`: what is wrong with which field, in the hub's words."""

    def __init__(self, status: int, code: str, message: str, fields: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.message = message
        self.fields = dict(fields or {})
        lines = [message, *(f"  {field}: {text}" for field, text in self.fields.items())]
        super().__init__(
            "\n".join(lines), "\n".join(lines), status=EXIT_NOT_ALLOWED if status in {401, 403} else EXIT_REFUSED
        )
        self.code = code

    def shown(self) -> dict[str, object]:
        return {"code": self.code, "message": self.message, "status": self.status, "fields": self.fields}


class UnreachableError(ProvisionError):
    """Nobody answers there, or somebody whom the site's root does not vouch for."""

    def __init__(self, zh: str, en: str, *, code: str = "unreachable") -> None:
        super().__init__(zh, en, status=EXIT_UNAVAILABLE, code=code)
