"""Do broker and page answer, with certificates of this site? Asked as a watchdog, which may hear nothing personal."""

import http.client
import queue
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from firmware_config.ca.folder import DEVICES, ROOT
from firmware_config.site.findings import Finding
from firmware_config.site.folder import SiteFolder
from firmware_config.site.profile import SiteProfile

TIMEOUT_S: Final = 10.0


def findings(folder: SiteFolder, site: SiteProfile, *, timeout_s: float = TIMEOUT_S) -> list[Finding]:
    """At each host that devices or people are told of. Raises OSError when the folder's own files cannot be read."""
    return [*_brokers(folder, site, timeout_s), *_pages(folder, site, timeout_s)]


def _brokers(folder: SiteFolder, site: SiteProfile, timeout_s: float) -> Iterator[Finding]:
    context = _trusting(folder.certificates.files(ROOT)[0])
    context.load_cert_chain(*folder.certificates.files(f"{DEVICES}/{site.watchdogs[0]}"))
    for host in site.broker_hosts:
        why = _refused(host, site.broker_port, context, timeout_s)
        if why is not None:
            where = f"{host}:{site.broker_port}"
            yield Finding(
                code="broker_live",
                about=where,
                zh=f"消息服务器 {where} 不行：{why}",
                en=f"the broker at {where}: {why}",
            )


def _refused(host: str, port: int, context: ssl.SSLContext, timeout_s: float) -> str | None:
    """Why nobody of this site is let in there; None: somebody is."""
    answers: queue.Queue[str] = queue.Queue()
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False)
    client.connect_timeout = timeout_s
    client.tls_set_context(context)
    client.on_connect = lambda _c, _d, _f, reason, _p: answers.put(str(reason))
    client.on_disconnect = lambda _c, _d, _f, reason, _p: answers.put(f"hung up: {reason}")
    try:
        client.connect(host, port)
    except (OSError, ValueError) as error:
        return str(error)
    client.loop_start()
    try:
        answer = answers.get(timeout=timeout_s)
    except queue.Empty:
        answer = "no answer"
    finally:
        client.disconnect()
        client.loop_stop()
    return None if answer == "Success" else answer


def _pages(folder: SiteFolder, site: SiteProfile, timeout_s: float) -> Iterator[Finding]:
    context = _trusting(folder.certificates.files(ROOT)[0])
    for host in site.hub_hosts:
        why = _unwell(host, site.page_port, context, timeout_s)
        if why is not None:
            where = f"{host}:{site.page_port}"
            yield Finding(
                code="page_live",
                about=where,
                zh=f"中心的网页 {where} 不行：{why}",
                en=f"the hub's page at {where}: {why}",
            )


def _unwell(host: str, port: int, context: ssl.SSLContext, timeout_s: float) -> str | None:
    connection = http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        answer.read(64 * 1024)
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return None if answer.status == HTTPStatus.OK else f"{answer.status} {answer.reason}"


def _trusting(root: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and host name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=str(root))
    return context
