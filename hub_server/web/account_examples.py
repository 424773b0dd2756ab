"""Examples of accounts and sessions in the same small office that `examples.py` tells of."""

from typing import Any

from hub_server.web import account_resources
from hub_server.web.accounts import AccountChange, NewAccount
from hub_server.web.me import MyChange, NewPassword
from hub_server.web.scopes import Role, Scope

_ACCOUNT: account_resources.Account = {
    "name": "wangmin",
    "display": "王敏",
    "role": Role.GRID_WORKER,
    "areas": ["桂花村"],
    "recipient": 1,
    "created_at": "2026-11-23T21:43:00.000000Z",
    "created_by": "account admin",
    "password_at": "2026-11-23T21:50:00.000000Z",
    "disabled_at": None,
}
_INVITED: account_resources.InvitedAccount = {
    **_ACCOUNT,
    "password_at": None,
    "url": "https://hub.riverside.lan/login?code=...",
}
_SESSION: account_resources.Session = {
    "id": "0123456789abcdef",
    "account": "wangmin",
    "created_at": "2026-11-23T21:50:00.000000Z",
    "seen_at": "2026-11-24T01:02:00.000000Z",
    "expires_at": "2026-11-30T21:50:00.000000Z",
    "source": "192.168.3.17",
    "agent": "Mozilla/5.0 (Linux; Android 14) Chrome/130",
    "this": True,
}
_ME: account_resources.Me = {
    "name": "wangmin",
    "display": "王敏",
    "role": Role.GRID_WORKER,
    "scopes": [Scope.READ, Scope.EQUIPMENT, Scope.REVEAL, Scope.ALERTS],
    "areas": ["桂花村", "桂花村第二网格"],
    "settings": {"type": "large", "words": "zh"},
    "password_at": "2026-11-23T21:50:00.000000Z",
}
ACCOUNT_EXAMPLES: dict[Any, Any] = {
    account_resources.Account: _ACCOUNT,
    account_resources.AccountPage: {"items": [_ACCOUNT], "next": None},
    account_resources.InvitedAccount: _INVITED,
    account_resources.Sessions: {"items": [_SESSION]},
    account_resources.Ended: {"sessions": 1},
    account_resources.Me: _ME,
    NewAccount: {"name": "wangmin", "display": "王敏", "role": "grid_worker", "areas": ["桂花村"]},
    AccountChange: {"role": "community_manager", "areas": ["桂花村"]},
    MyChange: {"settings": {"type": "large", "words": "zh"}},
    NewPassword: {"old": "the password of today", "password": "桂花开了 又见炊烟 2026"},
}
