"""What a caller may do: a token has the scopes it was made with, an account those of its role."""

from enum import StrEnum


class Scope(StrEnum):
    """One right. Where it holds is the account's areas' business (store/reach.py)."""

    READ = "read"  # people (masked), alerts, watches, passages, and the stream
    EQUIPMENT = "equipment"  # devices, galleries, quarantine, conflicts, figures: nothing about people
    REVEAL = "reveal"  # personal data in the clear, each look audited
    PEOPLE = "people"  # create and change people, households, consents, watches, vehicles, places
    ALERTS = "alerts"  # take steps on alerts, vouch, correct, pause
    EXCHANGE = "exchange"  # tables in and out: imports, exports, a person's own file
    DEVICES = "devices"  # create and change devices, renew their secrets
    AUDIT = "audit"  # read the audit
    ADMIN = "admin"  # accounts, areas, recipients, retention, tokens: whoever has this can give themselves the others


class Role(StrEnum):
    """What somebody is in the office."""

    ADMINISTRATOR = "administrator"
    COMMUNITY_MANAGER = "community_manager"
    GRID_WORKER = "grid_worker"
    TECHNICIAN = "technician"
    VIEWER = "viewer"
    AUDITOR = "auditor"


ALL_SCOPES = frozenset(Scope)
SCOPES_OF: dict[Role, frozenset[Scope]] = {
    Role.ADMINISTRATOR: ALL_SCOPES,
    Role.COMMUNITY_MANAGER: frozenset(
        {Scope.READ, Scope.EQUIPMENT, Scope.REVEAL, Scope.PEOPLE, Scope.ALERTS, Scope.EXCHANGE}
    ),
    Role.GRID_WORKER: frozenset({Scope.READ, Scope.EQUIPMENT, Scope.REVEAL, Scope.ALERTS}),
    Role.TECHNICIAN: frozenset({Scope.EQUIPMENT, Scope.DEVICES}),
    Role.VIEWER: frozenset({Scope.READ, Scope.EQUIPMENT}),
    Role.AUDITOR: frozenset({Scope.READ, Scope.EQUIPMENT, Scope.AUDIT}),
}
ROLE_WORDS: dict[Role, tuple[str, str]] = {
    Role.ADMINISTRATOR: ("管理员", "administrator"),
    Role.COMMUNITY_MANAGER: ("社区负责人", "community manager"),
    Role.GRID_WORKER: ("网格员", "grid worker"),
    Role.TECHNICIAN: ("技术员", "technician"),
    Role.VIEWER: ("查看者", "viewer"),
    Role.AUDITOR: ("审计员", "auditor"),
}
_IMPLIED: dict[Scope, frozenset[Scope]] = {Scope.READ: frozenset({Scope.EQUIPMENT})}


def granted(scopes: frozenset[str]) -> frozenset[str]:
    """A token's scopes and what they bring with them: `read` was there before `equipment` was told apart."""
    return scopes.union(*(_IMPLIED.get(Scope(scope), frozenset()) for scope in scopes if scope in ALL_SCOPES))
