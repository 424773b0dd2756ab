"""Before it serves, the hub makes sure that nobody who was erased is there: a restored backup brings nobody back."""

from pathlib import Path

from hub_server.store import faces, people
from hub_server.store.custody import erase_rows
from hub_server.store.erasures import Erasure, ErasureLog, Scope, plan
from hub_server.store.files import ERASURES_NAME
from hub_server.store.keyring import FOLDER_NAME, Keyring
from hub_server.store.site_key import read_site_key
from hub_server.store.store import Store


def replay_erasures(store: Store, data_dir: Path) -> tuple[str, ...]:
    """Erases again whom DATA/erasures.jsonl names; the ids of those who were there again.

    It ends, too, what a crash has interrupted. Raises ErasuresError, KeyringError, SiteKeyError, OSError: then the hub
    must not serve.
    """
    log = ErasureLog(data_dir / ERASURES_NAME)
    with store.read() as db:
        restored = dict.fromkeys(people.all_ids(db), frozenset[str]()) | faces.keys_held(db)
    again = plan(log.erasures, restored)
    if again.keys and (data_dir / FOLDER_NAME).is_dir():
        Keyring(data_dir / FOLDER_NAME, site_key=read_site_key(data_dir)).destroy_keys(again.keys)
    for line in log.erasures:
        if line.person in restored and line.scope not in {Scope.PERSON, Scope.BIOMETRICS}:
            _erase_again(store, line)
    for scope, persons in ((Scope.PERSON, again.persons), (Scope.BIOMETRICS, again.biometrics)):
        for person in persons:
            _erase_again(store, _last(log, person, scope))
    return (*again.persons, *again.biometrics)


def _last(log: ErasureLog, person: str, scope: Scope) -> Erasure:
    return next(line for line in reversed(log.erasures) if line.person == person and line.scope is scope)


def _erase_again(store: Store, line: Erasure) -> None:
    store.write(
        lambda db: erase_rows(db, erasure=line.erasure, person=line.person, scope=line.scope, now_us=line.at_us)
    )
