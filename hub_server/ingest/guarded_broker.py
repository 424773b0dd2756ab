"""amqtt, held to the protocol's access table.

amqtt's plugins are not enough for that: before it asks them it has already dropped or changed the session of whoever
used the same client id, it never asks about last wills, and it hands retained messages to whoever connects. So this
class takes the place of four of its steps. They are not public: setup.cfg pins the version, and tests prove each.
"""

from typing import Any

from amqtt.adapters import ReaderAdapter, WriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig, ListenerConfig
from amqtt.errors import AMQTTError, MQTTError, NoDataError
from amqtt.mqtt.connack import NOT_AUTHORIZED, ConnackPacket
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.session import Session

from hub_server.ingest.access import Access

_CONNECTIONS_MAX = 500


class GuardedBroker(Broker):  # type: ignore[misc] # amqtt has no types for us
    """Admits a client before anything else happens; every session is clean and belongs to one account."""

    def __init__(self, *, host: str, port: int, access: Access) -> None:
        listener = ListenerConfig(bind=f"{host}:{port}", max_connections=_CONNECTIONS_MAX)
        super().__init__(BrokerConfig(listeners={"default": listener}, plugins={}))
        self._access = access

    def port(self) -> int:
        """Where it listens, once started."""
        return int(self._servers["default"].instance.sockets[0].getsockname()[1])

    async def _initialize_client_session(
        self, reader: ReaderAdapter, writer: WriterAdapter, remote_address: str, remote_port: int
    ) -> tuple[BrokerProtocolHandler, Session]:
        try:
            handler, session = await BrokerProtocolHandler.init_from_connect(reader, writer, self.plugins_manager)
        except (MQTTError, NoDataError, AMQTTError) as error:
            await writer.close()
            raise AMQTTError(f"{remote_address}:{remote_port} did not say CONNECT: {error}") from error
        if not self._admits(session):
            await ConnackPacket.build(0, NOT_AUTHORIZED).to_stream(writer)
            await writer.close()
            raise AMQTTError(f"{remote_address}:{remote_port} is not admitted")
        # Two accounts never meet in one session, whatever client ids they choose.
        session.client_id = f"{session.username}/{session.client_id}"
        session.clean_session = True
        session.parent = 0
        await self._end_session(session.client_id)
        return handler, session

    async def _authenticate(self, _session: Session, _listener: ListenerConfig) -> bool:
        return True  # it came through _initialize_client_session

    async def _topic_filtering(self, session: Session, topic: str, action: Action) -> bool:
        # Awaits nothing: amqtt walks its tables around this call.
        may = {
            Action.PUBLISH: self._access.may_publish,
            Action.SUBSCRIBE: self._access.may_subscribe,
            Action.RECEIVE: self._access.may_receive,
        }[action]
        return may(session.username, topic)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        subscribers: list[Any] = self._subscriptions.get(subscription[0], [])
        if any(subscriber is session for subscriber, _qos in subscribers):
            await super()._publish_retained_messages_for_subscription(subscription, session)

    async def _end_session(self, client_id: str) -> None:
        """The account's older connection of this id, which may be half dead, ends; its last will is sent."""
        _session, handler = self._sessions.get(client_id, (None, None))
        if handler is not None:
            await self._stop_handler(handler)
        await self._delete_session(client_id)

    def _admits(self, session: Session) -> bool:
        if not self._access.admits(session.username, session.password):
            return False
        return not session.will_flag or self._access.may_publish(session.username, session.will_topic)


# Without these names amqtt would never call the steps above, and everything would be allowed: then nothing must run.
for _step in (
    "_initialize_client_session",
    "_authenticate",
    "_topic_filtering",
    "_publish_retained_messages_for_subscription",
    "_delete_session",
    "_stop_handler",
):
    if not hasattr(Broker, _step):
        raise ImportError(f"this version of amqtt has no {_step}: the embedded broker would not be guarded")
