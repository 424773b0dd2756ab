"""What the watch refuses, by name."""

from hub_server.watch.states import AlertState


class InvalidValueError(Exception):
    """A value the caller gave cannot be right. `field` is its name in the HTTP API, `message` is for a person."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        self.message = message
        super().__init__(f"{field}: {message}")


class IllegalTransitionError(Exception):
    """An alert cannot go from `before` to `after`; nothing was changed."""

    def __init__(self, before: AlertState, after: AlertState) -> None:
        self.before = before
        self.after = after
        super().__init__(f"an alert that is {before} cannot become {after}")
