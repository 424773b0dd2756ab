"""Before it serves, the hub makes sure that nobody who was erased is there: a restored backup brings nobody back."""

from pathlib import Path

from hub_server.store import people
from hub_server.store.erasures import ErasureLog, plan
from hub_server.store.files import ERASURES_NAME
from hub_server.store.keyring import FOLDER_NAME, Keyring
from hub_server.store.site_key import read_site_key
from hub_server.store.store import Store


def replay_erasures(store: Store, data_dir: Path) -> tuple[str, ...]:
    """Erases again whom DATA/erasures.jsonl names; the ids of those who were there again.

    Raises ErasuresError, KeyringError, SiteKeyError, OSError: then the hub must not serve. Of templates and photos the
    store has none yet; once it has, `restored` names the keys that each person's rows lie under.
    """
    log = ErasureLog(data_dir / ERASURES_NAME)
    with store.read() as db:
        restored = dict.fromkeys(people.all_ids(db), frozenset[str]())
    again = plan(log.erasures, restored)
    if again.keys and (data_dir / FOLDER_NAME).is_dir():
        Keyring(data_dir / FOLDER_NAME, site_key=read_site_key(data_dir)).destroy_keys(again.keys)
    for person in again.persons:
        store.write(lambda db, person=person: people.erase(db, person))  # type: ignore[misc]
    return again.persons
