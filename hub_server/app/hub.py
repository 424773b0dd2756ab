"""Everything that runs in the office, started in order and stopped in reverse."""

import logging
import os
import sqlite3
from contextlib import ExitStack
from datetime import UTC, datetime

from edge_agent.wire.gallery import KIND as GALLERY
from hub_server.app.audit_head import HeadExport
from hub_server.app.commanding import AskedDevices
from hub_server.app.data_files import BrokerAddress, RunFile, run_file_path, write_run_file
from hub_server.app.delivering import delivering
from hub_server.app.embedder import find_embedder
from hub_server.app.enrolling import enrolling
from hub_server.app.issuing import Issuing
from hub_server.app.local_server import LocalServer
from hub_server.app.local_token import settle_local_token
from hub_server.app.nightly import Nightly
from hub_server.app.releasing import releasing
from hub_server.app.rolling_out import RollingOut
from hub_server.app.vitals import Heartbeat, is_well, measure
from hub_server.app.web_server import WebServer
from hub_server.config import EmbeddedBrokerConfig, ExternalBrokerConfig, ServeConfig
from hub_server.enrolment.enrolment import Enroller
from hub_server.ingest.access import Access
from hub_server.ingest.commanding import Commanding
from hub_server.ingest.embedded_broker import HOST as EMBEDDED_HOST
from hub_server.ingest.embedded_broker import EmbeddedBroker
from hub_server.ingest.gallery_lane import GalleryLane
from hub_server.ingest.gallery_maker import GalleryMaker
from hub_server.ingest.inbox import Inbox
from hub_server.ingest.outgoing import FOLDER_NAME as OUTGOING_NAME
from hub_server.ingest.outgoing import Outgoing
from hub_server.ingest.release_maker import ReleaseMaker
from hub_server.ingest.subscriber import Broker, Subscriber
from hub_server.ingest.worker import Worker
from hub_server.scheduler import Pulse, Scheduler
from hub_server.store import devices, join_tokens, logins
from hub_server.store.custody import Custody
from hub_server.store.derived_keys import picture_key, signing_key
from hub_server.store.errors import StoreError
from hub_server.store.replay import replay_erasures
from hub_server.store.store import Store
from hub_server.web import Figures, MqttAddress, create_app

LOGIN_TTL_S = 15 * 60
_log = logging.getLogger(__name__)


class Hub:
    """One running hub. `start` either succeeds or leaves nothing running."""

    def __init__(self, config: ServeConfig) -> None:
        self._config = config
        self._parts = ExitStack()
        self._store: Store | None = None
        self._subscriber: Subscriber | None = None
        self._scheduler: Scheduler | None = None
        self._inbox = Inbox()
        self._worker: Worker | None = None
        self._commanding: Commanding | None = None
        self.url = ""

    def start(self) -> None:
        """Raises StoreError, BrokerStartError or OSError, and then nothing runs."""
        with ExitStack() as parts:
            store = Store.open(self._config.data_dir)
            parts.callback(store.close)
            self._store = store
            for person in replay_erasures(store, self._config.data_dir):
                _log.warning("%s was erased, and is erased again: this store is of an older backup", person)
            custody = Custody.open(store, self._config.data_dir, mirror=self._config.keys_mirror)
            run_file_path(self._config.data_dir).unlink(missing_ok=True)  # of a hub that was killed
            broker = self._start_broker(store, parts)
            self._start_ingest(store, broker, custody, parts)
            self._start_web(store, custody, BrokerAddress(host=broker.host, port=broker.port), parts)
            self._parts = parts.pop_all()

    def stop(self) -> None:
        """Ends all parts, the last started first."""
        self._parts.close()

    def login_link(self) -> str:
        """A link that opens one session, once, within LOGIN_TTL_S."""
        store = self._store
        assert store is not None, "start the hub first"
        code = store.write(lambda db: logins.new_code(db, now_us=store.now_us(), ttl_s=LOGIN_TTL_S))
        return f"{self.url}/login?code={code}"

    def health(self) -> dict[str, object]:
        """How the hub is, for /healthz and for systemd: "ok" when broker, watch and store do their work."""
        broker = self._subscriber is not None and self._subscriber.listening_since_s is not None
        scheduler = self._scheduler
        watch = Pulse.DRAINING if scheduler is None else scheduler.pulse()
        alarms = self._alarms()
        trouble = self._store.trouble if self._store is not None and alarms is not None else "cannot be read"
        health = {
            "store": "ok" if trouble is None else f"failing: {trouble}",
            "broker": "connected" if broker else "disconnected",
            "watch": str(watch),
            "alarms": alarms,
            **measure(self._store, tick_age_s=None if scheduler is None else scheduler.tick_age_s()),
        }
        return {"status": "ok" if is_well(health) else "degraded", **health}

    def figures(self) -> Figures:
        """What the running parts count of themselves, for /metrics."""
        worker, scheduler = self._worker, self._scheduler
        assert worker is not None, "start the hub first"
        return Figures(
            inbox_messages=self._inbox.messages,
            inbox_bytes=self._inbox.bytes,
            dropped=self._inbox.dropped,
            throttled=self._inbox.throttled(),
            ignored=worker.ignored,
            transactions=worker.transactions,
            messages=worker.messages,
            refused=worker.refused,
            failed=worker.failed,
            ticked_us=None if scheduler is None else scheduler.ticked_us,
        )

    def _page_url(self) -> str:
        """As it stands in what workers are sent."""
        return (self._config.public_url or self.url).rstrip("/")

    def _alarms(self) -> dict[str, int] | None:
        """What an operator should look into; None when the store cannot be read."""
        if self._store is None:
            return None
        try:
            with self._store.read() as db:
                found = devices.alarms(db)
        except (StoreError, sqlite3.Error):
            _log.exception("the store cannot be read")
            return None
        return {name: getattr(found, name) for name in ("conflicts", "quarantined", "lost", "refused")}

    def _start_broker(self, store: Store, parts: ExitStack) -> Broker:
        config = self._config.broker
        if isinstance(config, ExternalBrokerConfig):
            return _external(config)
        return self._start_embedded(config, store, parts)

    def _start_embedded(self, config: EmbeddedBrokerConfig, store: Store, parts: ExitStack) -> Broker:
        def device_secret_is(device: str, secret: str) -> bool:
            with store.read() as db:
                return devices.secret_is(db, device, secret)

        access = Access(site=self._config.site, device_secret_is=device_secret_is)
        broker = EmbeddedBroker(port=config.port, access=access)
        broker.start()
        parts.callback(broker.stop)
        return Broker(
            host=EMBEDDED_HOST,
            port=broker.port,
            username=access.hub_username,
            password=access.hub_password,
            speaks_v5=False,
        )

    def _start_ingest(self, store: Store, broker: Broker, custody: Custody, parts: ExitStack) -> None:
        self._inbox = inbox = Inbox()
        site = self._config.site
        subscriber = Subscriber(broker=broker, site=site, inbox=inbox, now_us=store.now_us)
        outgoing = Outgoing(self._config.data_dir / OUTGOING_NAME, kind=GALLERY)
        maker = GalleryMaker(
            store=store, templates=custody.templates, outgoing=outgoing, site=site, embedder=find_embedder()
        )
        releases = ReleaseMaker(
            store=store,
            site=site,
            signing_key=signing_key(self._config.data_dir),
            new_token=lambda db, device: join_tokens.create(db, device, days=join_tokens.DAYS, now_us=store.now_us())[
                1
            ],
        )
        lane = GalleryLane(store=store, maker=maker, publish=subscriber.publish_blob, releases=releases)
        rolling = RollingOut(store=store, listening_since_s=lambda: subscriber.listening_since_s)
        commanding = Commanding(
            store=store,
            site=site,
            signing_key=signing_key(self._config.data_dir),
            picture_key=picture_key(self._config.data_dir),
            publish=subscriber.publish_command,
        )
        worker = Worker(
            store=store, inbox=inbox, publish=subscriber.publish, site=site, blobs=lane, commands=commanding
        )
        scheduler = Scheduler(store=store, listening_since_s=lambda: subscriber.listening_since_s)
        courier = delivering(store, page_url=self._page_url, publish=subscriber.publish_surely)
        heartbeat = Heartbeat(store=store, health=self.health, publish=subscriber.publish_own)
        heads = HeadExport(store=store, mirror=self._config.keys_mirror)
        nightly = Nightly(store=store, custody=custody, heads=heads)
        for part in (lane, commanding, worker, subscriber, rolling, scheduler, courier, heartbeat, nightly):
            part.start()
            parts.callback(part.stop)
        self._subscriber, self._worker, self._scheduler = subscriber, worker, scheduler
        self._commanding = commanding

    def _start_web(self, store: Store, custody: Custody, broker: BrokerAddress, parts: ExitStack) -> None:
        config = self._config
        enroller = Enroller()
        parts.callback(enroller.close)
        settle_local_token(store, config.data_dir)
        issuing = None if config.issuing is None else Issuing.begin(store, config, config.issuing)
        if issuing is not None:
            parts.callback(issuing.stop)
        application = create_app(
            store=store,
            mqtt=MqttAddress(host=broker.host, port=broker.port, site=config.site),
            health=self.health,
            custody=custody,
            enrol=enrolling(enroller),
            release=releasing(store),
            figures=self.figures,
            hosts=config.hosts,
            page_url=None if config.public_url is None else config.public_url.rstrip("/"),
            issuing=issuing,
            asked_devices=None if self._commanding is None else AskedDevices(self._commanding),
        )
        server = WebServer(
            host=config.host,
            port=config.port,
            application=application,
            tls=None if config.tls_cert is None or config.tls_key is None else (config.tls_cert, config.tls_key),
            shown_host=config.shown_host,
        )
        server.start()
        parts.callback(server.stop)
        parts.callback(application.extensions["shouwang"].stop)  # streams first: the server waits for them
        self.url = server.url
        local = LocalServer(data_dir=config.data_dir, application=application, url=self._page_url())
        local.start()
        parts.callback(local.stop)
        started_at = datetime.now(UTC).isoformat()
        run = RunFile(pid=os.getpid(), url=server.url, broker=broker, site=config.site, started_at=started_at)
        write_run_file(config.data_dir, run)
        parts.callback(run_file_path(config.data_dir).unlink, missing_ok=True)


def _external(config: ExternalBrokerConfig) -> Broker:
    password = None if config.password_file is None else config.password_file.read_text(encoding="utf-8").strip()
    return Broker(
        host=config.host,
        port=config.port,
        ca=config.ca,
        cert=config.cert,
        key=config.key,
        username=config.username,
        password=password,
    )
