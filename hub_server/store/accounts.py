"""Accounts: who may open the page, as what (a role), and where (areas). What a role may do is the caller's business."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import limits
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError
from hub_server.store.reach import EVERYWHERE, Reach, of_areas

ACCOUNTS_MAX: Final = 2000
AREAS_MAX: Final = 200  # of one account
SETTINGS_CHARS_MAX: Final = 2000
ADMINISTRATOR: Final = "administrator"
ROLES: Final = (ADMINISTRATOR, "community_manager", "grid_worker", "technician", "viewer", "auditor")
_EVERYWHERE_ROLES: Final = frozenset({ADMINISTRATOR, "auditor"})  # when they are bound to no areas
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_CHANGEABLE: Final = frozenset({"display", "role", "areas", "recipient", "settings"})
_COLUMNS: Final = """
    a.name, a.display, a.role, a.password_us, a.recipient, a.settings, a.created_us, a.created_by, a.disabled_us,
    coalesce((SELECT json_group_array(area) FROM account_areas WHERE account = a.name), '[]') AS areas
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One account; not its password. Once disabled it opens nothing, and what it did stays its own."""

    name: str
    display: str  # for people: 王敏
    role: str  # of ROLES
    areas: frozenset[str]  # empty: everywhere or nowhere, as the role says
    recipient: int | None  # who they are on the ladder
    settings: Mapping[str, object]  # of the page
    password_us: int | None  # when the password was set; None: there is none yet
    created_us: int
    created_by: str
    disabled_us: int | None


def is_name(text: str) -> bool:
    """1 to 63 of a-z, 0-9, '.', '_' and '-', first a letter or digit."""
    return _NAME.fullmatch(text) is not None


def create(
    db: Database,
    *,
    name: str,
    display: str,
    role: str,
    by: str,
    now_us: int,
    areas: Collection[str] = (),
    recipient: int | None = None,
) -> Account:
    """A new one, without a password. A name serves once: what a disabled account did stays its own.

    Raises ExistsError, InvalidValueError, ConflictingChangeError (there are ACCOUNTS_MAX).
    """
    if not is_name(name):
        raise InvalidValueError("name", "1 to 63 of a-z, 0-9, '.', '_' and '-', first a letter or digit")
    if get(db, name) is not None:
        raise ExistsError(f"已有账号 {name}；there is an account {name} already")
    (count,) = db.execute("SELECT count(*) FROM accounts").fetchone()
    if count >= ACCOUNTS_MAX:
        raise ConflictingChangeError(f"账号已满；there are {ACCOUNTS_MAX} accounts, which is the most")
    db.execute(
        "INSERT INTO accounts (name, display, role, recipient, created_us, created_by) VALUES (?, ?, ?, ?, ?, ?)",
        (name, _display(display), _role(role), _recipient(db, recipient), now_us, by),
    )
    _set_areas(db, name, areas)
    return one(db, name)


def get(db: Database, name: str) -> Account | None:
    for row in db.query(f"SELECT {_COLUMNS} FROM accounts a WHERE a.name = ?", [name]):  # noqa: S608 our own names
        return _account(row)
    return None


def one(db: Database, name: str) -> Account:
    """Raises NotFoundError."""
    found = get(db, name)
    if found is None:
        raise NotFoundError(f"没有账号 {name}；there is no account {name}")
    return found


def page(db: Database, *, after: str | None, limit: int) -> list[Account]:
    """By name, from the one behind `after`; disabled ones, too."""
    sql = f"SELECT {_COLUMNS} FROM accounts a WHERE a.name > ? ORDER BY a.name LIMIT ?"  # noqa: S608 our own names
    return [_account(row) for row in db.query(sql, [after or "", limits.page_rows(limit)])]


def count(db: Database) -> int:
    """Of those that are not disabled."""
    (found,) = db.execute("SELECT count(*) FROM accounts WHERE disabled_us IS NULL").fetchone()
    return int(found)


def bears(db: Database, display: str, *, but: str) -> bool:
    """Whether another account than `but` has this name for people."""
    found = db.execute("SELECT 1 FROM accounts WHERE display = ? AND name <> ?", (display.strip(), but)).fetchone()
    return found is not None


def change(db: Database, name: str, **fields: Any) -> Account:
    """Sets some of display, role, areas, recipient, settings. Another role or other areas end the account's sessions.

    Raises NotFoundError, InvalidValueError, ConflictingChangeError (it is the last administrator).
    """
    before = one(db, name)
    strange = fields.keys() - _CHANGEABLE
    if strange:
        raise InvalidValueError(min(strange), "cannot be changed")
    if "areas" in fields:
        _set_areas(db, name, fields["areas"])
    checked = {field: _checked(db, field, value) for field, value in fields.items() if field != "areas"}
    for field, value in checked.items():
        db.execute(f"UPDATE accounts SET {field} = ? WHERE name = ?", (value, name))  # noqa: S608 of _CHANGEABLE
    after = one(db, name)
    if (before.role, before.areas) != (after.role, after.areas):
        _demand_administrator(db, before)
        db.execute("DELETE FROM sessions WHERE account = ?", [name])
    return after


def disable(db: Database, name: str, *, now_us: int) -> Account:
    """It opens nothing from now on: sessions, links and known browsers go. Again, nothing changes.

    Raises NotFoundError, ConflictingChangeError (it is the last administrator).
    """
    before = one(db, name)
    db.execute("UPDATE accounts SET disabled_us = ? WHERE name = ? AND disabled_us IS NULL", (now_us, name))
    _demand_administrator(db, before)
    for table in ("sessions", "login_codes", "known_browsers"):
        db.execute(f"DELETE FROM {table} WHERE account = ?", [name])  # noqa: S608 our own names
    return one(db, name)


def enable(db: Database, name: str) -> Account:
    """As it was before. Raises NotFoundError."""
    one(db, name)
    db.execute("UPDATE accounts SET disabled_us = NULL WHERE name = ?", [name])
    return one(db, name)


def password(db: Database, name: str) -> str | None:
    """The hash to hold a password against; None: nothing opens this account by a password."""
    row = db.execute("SELECT password FROM accounts WHERE name = ? AND disabled_us IS NULL", [name]).fetchone()
    return None if row is None else row[0]


def set_password(db: Database, name: str, *, hashed: str, now_us: int) -> Account:
    """`hashed`: by store/passwords.py, outside the writer's thread. Sessions, links and known browsers go.

    Raises NotFoundError.
    """
    one(db, name)
    db.execute("UPDATE accounts SET password = ?, password_us = ? WHERE name = ?", (hashed, now_us, name))
    for table in ("sessions", "login_codes", "known_browsers"):
        db.execute(f"DELETE FROM {table} WHERE account = ?", [name])  # noqa: S608 our own names
    return one(db, name)


def rehash(db: Database, name: str, *, before: str, hashed: str) -> None:
    """The same password by today's parameters; nothing happens when it was changed meanwhile."""
    db.execute("UPDATE accounts SET password = ? WHERE name = ? AND password = ?", (hashed, name, before))


def reach_of(db: Database, account: Account) -> Reach:
    """Where it may look. Bound to no areas: an administrator and an auditor everywhere, the others nowhere."""
    if account.areas:
        return of_areas(db, account.areas)
    return EVERYWHERE if account.role in _EVERYWHERE_ROLES else Reach(areas=frozenset())


def _demand_administrator(db: Database, before: Account) -> None:
    """Raises ConflictingChangeError when with `before` the last one went who could give rights back."""
    if before.role != ADMINISTRATOR or before.areas or before.disabled_us is not None:
        return
    (left,) = db.execute(
        "SELECT count(*) FROM accounts a WHERE role = ? AND disabled_us IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM account_areas WHERE account = a.name)",
        [ADMINISTRATOR],
    ).fetchone()
    if left == 0:
        raise ConflictingChangeError("这是最后一位管理员；no administrator of the whole office would be left")


def _checked(db: Database, field: str, value: Any) -> object:
    match field:
        case "display":
            return _display(value)
        case "role":
            return _role(value)
        case "recipient":
            return _recipient(db, value)
    return _settings(value)


def _display(value: str) -> str:
    return limits.text("display", value, limits.AUTHOR_CHARS_MAX, chars_min=1)


def _role(value: str) -> str:
    if value not in ROLES:
        raise InvalidValueError("role", f"one of {', '.join(ROLES)}")
    return str(value)


def _recipient(db: Database, value: int | None) -> int | None:
    if value is not None and db.execute("SELECT 1 FROM recipients WHERE id = ?", [value]).fetchone() is None:
        raise InvalidValueError("recipient", f"通知名单里没有；there is no recipient {value}")
    return value


def _settings(value: Mapping[str, object]) -> str:
    encoded = json.dumps(dict(value), ensure_ascii=False, sort_keys=True)
    if len(encoded) > SETTINGS_CHARS_MAX:
        raise InvalidValueError("settings", f"at most {SETTINGS_CHARS_MAX} characters as JSON")
    return encoded


def _set_areas(db: Database, name: str, areas: Collection[str]) -> None:
    wanted = sorted(set(areas))
    if len(wanted) > AREAS_MAX:
        raise InvalidValueError("areas", f"at most {AREAS_MAX}, not {len(wanted)}")
    for area in wanted:
        if db.execute("SELECT 1 FROM areas WHERE name = ?", [area]).fetchone() is None:
            raise InvalidValueError("areas", f"没有片区 {area}；there is no area {area}")
    db.execute("DELETE FROM account_areas WHERE account = ?", [name])
    for area in wanted:
        db.execute("INSERT INTO account_areas (account, area) VALUES (?, ?)", (name, area))


def _account(row: dict[str, Any]) -> Account:
    return Account(**{**row, "areas": frozenset(json.loads(row["areas"])), "settings": json.loads(row["settings"])})
