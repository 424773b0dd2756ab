"""The factory: one Flask application over one store."""

from collections.abc import Callable, Mapping

from flask import Flask
from werkzeug.routing import BaseConverter

from hub_server.store.store import Store
from hub_server.web import alerts, auth, devices, events, guards, health, login, page, people, problems, stream, watches
from hub_server.web.decode import BODY_BYTES_MAX
from hub_server.web.feed import Feed
from hub_server.web.office import EXTENSION, MqttAddress, Office

_BLUEPRINTS = (people, watches, alerts, devices, events, login, stream, page, health)


class _RowId(BaseConverter):
    """A number that fits into a row's id; anything else is a path that does not exist."""

    regex = "[0-9]{1,15}"

    def to_python(self, value: str) -> int:
        return int(value)


def create_app(
    *,
    store: Store,
    api_token: str,
    mqtt: MqttAddress,
    health: Callable[[], Mapping[str, object]],
) -> Flask:
    """A WSGI application. `app.extensions["shouwang"].stop()` ends its streams; call it before the store closes.

    `api_token` opens the API to programs. `health` answers at once, with at least `status`: "ok" or "degraded", and
    `broker`: "connected" or what is wrong.
    """
    app = Flask(__name__)
    # A body without a length is cut here in silence, so it may be one byte longer than what the decoder takes.
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX + 1
    app.url_map.converters["row_id"] = _RowId
    app.extensions[EXTENSION] = Office(
        store=store, api_token=api_token, mqtt=mqtt, health=health, feed=Feed(store, health)
    )
    problems.register(app)
    app.before_request(guards.demand_loopback)
    app.before_request(auth.demand_caller)
    app.after_request(guards.harden)
    for part in _BLUEPRINTS:
        app.register_blueprint(part.blueprint)
    return app
