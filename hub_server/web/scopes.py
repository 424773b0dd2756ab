"""What a token may open."""

from enum import StrEnum


class Scope(StrEnum):
    READ = "read"  # everything that is shown, and the stream
    PEOPLE = "people"  # create and change people, watches and vehicles
    ALERTS = "alerts"  # take steps on alerts
    DEVICES = "devices"  # create and change devices, renew their secrets
    ADMIN = "admin"  # login links and tokens: whoever has this can give themselves the others


ALL_SCOPES = frozenset(Scope)
