"""What the store refuses, by name. Messages are for a person."""

from hub_server.watch.errors import InvalidValueError

__all__ = [
    "ConflictingChangeError",
    "DataFolderError",
    "ExistsError",
    "InvalidValueError",
    "NotFoundError",
    "StoreBusyError",
    "StoreClosedError",
    "StoreError",
    "StoreFailingError",
    "StoreTooNewError",
]


class StoreError(Exception):
    """Any refusal of the store, except a value that the caller got wrong: that is InvalidValueError."""


class NotFoundError(StoreError):
    """There is no such row."""


class ExistsError(StoreError):
    """There is one already."""


class ConflictingChangeError(StoreError):
    """The row is not in a state that allows this change; nothing was changed."""


class StoreBusyError(StoreError):
    """Another process holds the store, or more work waits than its queue may hold."""


class StoreClosedError(StoreError):
    """The store is closing; the write was not made."""


class StoreFailingError(StoreError):
    """The disk takes no writes: it is full, read-only or broken. Nothing was stored; reads may still work."""


class DataFolderError(StoreError):
    """The data folder cannot be used: it is another user's, or cannot be written, or holds no database of ours."""


class StoreTooNewError(StoreError):
    """A newer version of the program has changed this store."""
