"""Between the web, which asks for releases, and hub_server.ingest, which reads events: neither knows the other."""

from collections.abc import Callable

from hub_server.ingest.release import release
from hub_server.store.quarantine import Released
from hub_server.store.store import Store


def releasing(store: Store) -> Callable[[int, str, str], Released]:
    """What the web is given: one release, in one transaction. Raises NotFoundError, InvalidValueError, StoreError."""

    def released(event_id: int, author: str, note: str) -> Released:
        return store.write(lambda db: release(db, event_id, author=author, note=note, now_us=store.now_us()))

    return released
