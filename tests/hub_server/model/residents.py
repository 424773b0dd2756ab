"""People with consents and templates, and devices that take galleries, as a test wants them."""

import numpy as np
from sqlite_utils import Database

from edge_agent.wire.gallery import Purpose
from edge_agent.wire.seal import generate_key_pair
from hub_server.store import consents, devices, people
from hub_server.store.consents import Basis, Consent
from hub_server.store.custody import Custody, NewFace
from hub_server.store.faces import Face
from hub_server.store.store import Store

LENGTH = 64
AREA = "桂花村"
KEYS = generate_key_pair()


def resident(store: Store, person: str, *, area: str = AREA, born: str | None = "1948-03-05") -> str:
    store.write(
        lambda db: people.create(
            db, id=person, name=person, address="", phone="", note="", area=area, born=born, now_us=store.now_us()
        )
    )
    return person


def agree(store: Store, person: str, *purposes: Purpose, **otherwise: object) -> Consent:
    """The last of them."""

    def job(db: Database) -> Consent:
        given = {
            "basis": Basis.CONSENT,
            "text_version": "2026-11",
            "given_on": "2026-11-20",
            "collector": "王敏",
            "guardian": "",
        } | otherwise
        made = [
            consents.give(db, person=person, purpose=purpose, now_us=store.now_us(), **given)  # type: ignore[arg-type]
            for purpose in purposes
        ]
        return made[-1]

    return store.write(job)


def template(n: int) -> bytes:
    drawn = np.random.default_rng(n).normal(size=LENGTH)
    return bytes((drawn / np.linalg.norm(drawn)).astype("<f4").tobytes())


def face(n: int = 0, *, embedder: str = "test", kept: tuple[bytes, ...] = ()) -> NewFace:
    return NewFace(embedder=embedder, template_length=LENGTH, templates=(template(n),), qualities=(0.9, 0.8), kept=kept)


def enrolled(
    store: Store,
    custody: Custody,
    person: str,
    *purposes: Purpose,
    n: int = 0,
    area: str = AREA,
    embedder: str = "test",
) -> Face:
    resident(store, person, area=area)
    agree(store, person, *purposes)
    return custody.enrol(person, face(n, embedder=embedder), by="王敏")


def camera(store: Store, device: str, *, area: str = AREA, takes: bool = True) -> str:
    def job(db: Database) -> None:
        devices.create(db, id=device, place="", area=area, now_us=store.now_us())
        if takes:
            devices.said_hello(db, device, agent="model/1", seal_key=KEYS.public.hex(), now_us=store.now_us())

    store.write(job)
    return device
