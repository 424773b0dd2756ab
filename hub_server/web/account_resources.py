"""What the API answers about accounts and sessions, by type."""

from typing import Annotated, Any, TypedDict

from msgspec import Meta

from hub_server.web.resources import At, Key
from hub_server.web.scopes import Role, Scope


class Account(TypedDict):
    """Who may open the page, as what, and where.

    Without `areas`: an administrator and an auditor everywhere, the others nowhere.
    """

    name: str
    display: Annotated[str, Meta(description="for people; it stands with what the account does")]
    role: Role
    areas: list[str]
    recipient: Annotated[Key | None, Meta(description="who they are among those that are told")]
    created_at: At
    created_by: str
    password_at: Annotated[At | None, Meta(description="when the password was set; null: there is none yet")]
    disabled_at: At | None


class AccountPage(TypedDict):
    """By name; disabled ones, too."""

    items: list[Account]
    next: str | None


class InvitedAccount(TypedDict):
    """A new account with the link that sets its password, shown this once."""

    name: str
    display: str
    role: Role
    areas: list[str]
    recipient: Key | None
    created_at: At
    created_by: str
    password_at: At | None
    disabled_at: At | None
    url: str


class Session(TypedDict):
    """A browser that is logged in. `account` null: the owner of the data, by a link of the machine's."""

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
    account: str | None
    created_at: At
    seen_at: Annotated[At, Meta(description="up to a minute behind")]
    expires_at: Annotated[At, Meta(description="at the latest; an account's earlier, after 12 h without a request")]
    source: str
    agent: str
    this: Annotated[bool, Meta(description="the one that asks")]


class Sessions(TypedDict):
    """The latest used first; those that are over are not there."""

    items: list[Session]


class Ended(TypedDict):
    """How many sessions were ended."""

    sessions: Annotated[int, Meta(ge=0)]


class Me(TypedDict):
    """The caller's own account."""

    name: str
    display: str
    role: Role
    scopes: list[Scope]
    areas: Annotated[list[str] | None, Meta(description="with all that lies in them; null: everywhere")]
    settings: dict[str, Any]
    password_at: At | None
