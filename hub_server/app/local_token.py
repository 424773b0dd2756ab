"""The token "local": what DATA/api-token holds from the first start on, for programs of the data's owner."""

from pathlib import Path

from hub_server.app.data_files import api_token, new_api_token
from hub_server.store import tokens
from hub_server.store.store import Store
from hub_server.web.scopes import ALL_SCOPES


def settle_local_token(store: Store, data_dir: Path) -> None:
    """Makes what the file holds open the whole API; a new one, when that one was revoked."""
    if not _adopt(store, api_token(data_dir)):
        _adopt(store, new_api_token(data_dir))


def _adopt(store: Store, secret: str) -> bool:
    return store.write(lambda db: tokens.adopt_local(db, secret=secret, scopes=ALL_SCOPES, now_us=store.now_us()))
