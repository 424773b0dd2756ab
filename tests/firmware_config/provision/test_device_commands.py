"""One device from its first word to its end, over a real hub; every command twice, and as JSON."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from technician import Desk

from firmware_config.provision.client import HubClient, LocalDoor

COUNT = iter(range(1000))


@pytest.fixture
def name() -> str:
    return f"gate-{next(COUNT)}"


@pytest.fixture
def gate(desk: Desk, name: str) -> str:
    desk.must("device", "add", name, "--place", "东门", "--area", "桂花村", "--kind", "barrier", "--relay", "gpio:17")
    return name


def join(desk: Desk, card: dict[str, Any]) -> dict[str, Any]:
    """As a device does it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, card["device"])])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    seal = x25519.X25519PrivateKey.generate().public_key().public_bytes_raw()
    import base64  # noqa: PLC0415 only here

    return HubClient(LocalDoor(desk.data)).post(
        "/api/v1/join",
        {
            "token": card["token"],
            "device": card["device"],
            "request": request.public_bytes(serialization.Encoding.PEM).decode(),
            "seal_key": base64.b64encode(seal).decode(),
        },
    )


@pytest.fixture
def joined(desk: Desk, gate: str, tmp_path: Path) -> str:
    """A device that has its certificate."""
    card = tmp_path / "first.json"
    desk.must("device", "replace", gate, "--card", str(card))
    join(desk, json.loads(card.read_text()))
    return gate


def states(desk: Desk, name: str) -> list[str]:
    return [one["state"] for one in desk.must("device", "show", name)["certificates"]]


def test_a_device_is_added_with_its_profile_and_the_next_step_is_said(desk: Desk, name: str) -> None:
    words = (
        "device",
        "add",
        name,
        "--place",
        "东门",
        "--area",
        "桂花村",
        "--kind",
        "barrier",
        "--set",
        "wifi_country=CN",
    )
    told = desk.type(*words)
    assert told.status == 0
    assert (
        told.out
        == f"added {name} (东门)\nNext: write its card: provision device write {name} --boot /media/$USER/bootfs\n"
    )
    shown = desk.must("device", "show", name)
    assert (shown["device"]["place"], shown["device"]["area"]) == ("东门", "桂花村")
    assert (shown["profile"]["kind"], shown["profile"]["settings"]) == ("barrier", {"wifi_country": "CN"})
    assert (shown["certificates"], shown["card"]) == ([], None)
    assert shown["next"].startswith("write its card")


def test_added_twice_it_is_added_once(desk: Desk, gate: str) -> None:
    again = desk.must("device", "add", gate, "--place", "东门", "--relay", "gpio:17")
    assert {key: again[key] for key in ("device", "does", "changed")} == {
        "device": gate,
        "does": "unchanged",
        "changed": [],
    }


def test_another_word_about_a_device_that_is_there_is_asked_about_and_changes_no_more_than_it_says(
    desk: Desk, gate: str
) -> None:
    told = desk.type("device", "add", gate, "--relay", "gpio:4", "--grid", "桂花村第1网格")
    assert (told.status, "add --yes" in told.err) == (1, True), "nobody is here to ask"
    done = desk.must("device", "add", gate, "--relay", "gpio:4", "--grid", "桂花村第1网格", "--set", "n=1")
    assert (done["does"], done["changed"]) == ("update", ["grid", "relay", "settings"])
    shown = desk.must("device", "show", gate)
    assert (shown["profile"]["kind"], shown["profile"]["relay"]) == ("barrier", "gpio:4")
    assert (shown["profile"]["settings"], shown["device"]["grid"]) == ({"n": 1}, "桂花村第1网格")


def test_a_dry_run_of_anything_changes_nothing(desk: Desk, joined: str, name: str, tmp_path: Path) -> None:
    before = desk.must("device", "list")["devices"], desk.must("device", "show", joined)
    for words in (
        ("add", f"{name}-new", "--place", "x"),
        ("add", joined, "--place", "elsewhere"),
        ("replace", joined, "--now", "--card", str(tmp_path / "card.json")),
        ("rotate", joined),
        ("rotate", joined, "--over-ssh", "nobody@192.0.2.1"),
        ("revoke", joined),
        ("retire", joined),
    ):
        told = desk.type("device", *words, "--dry-run", "--json")
        assert (told.status, told.value["dry_run"]) == (0, True), (words, told)
    assert (desk.must("device", "list")["devices"], desk.must("device", "show", joined)) == before
    assert not (tmp_path / "card.json").exists()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("add",), 2, "give a device's name"),
        (("add", "gate-nowhere"), 2, "needs --place"),
        (("add", "gate-x", "--place", "x", "--kind", "castle"), 2, "invalid choice"),
        (("add", "gate-x", "--place", "x", "--set", "k"), 2, "KEY=VALUE"),
        (("add", "gate-x", "--place", "x" * 300), 1, "place"),
        (("add", "--sheet", "a.csv", "--place", "x"), 2, "everything stands in the sheet"),
        (("add", "--sheet", "/nowhere/a.csv"), 2, "cannot be read"),
        (("show", "gate-never"), 1, "there is no device gate-never"),
        (("revoke", "gate-never"), 1, "there is no device gate-never"),
    ],
)
def test_what_cannot_be_is_refused_in_words(desk: Desk, words: tuple[str, ...], status: int, said: str) -> None:
    told = desk.type("device", *words)
    assert told.status == status
    assert said in told.err


def test_the_list_is_a_table_and_every_page_of_it_is_read(desk: Desk, gate: str) -> None:
    told = desk.type("device", "list", "--area", "桂花村")
    assert f"{gate} " in told.out
    assert told.out.splitlines()[0].split() == ["NAME", "PLACE", "AREA", "STATE"]
    assert {"id", "place", "area", "grid", "online", "heard_at"} <= set(desk.must("device", "list")["devices"][0])
    assert desk.must("device", "list", "--area", "无此村") == {
        "ok": True,
        "dry_run": False,
        "devices": [],
        "next": None,
    }


def test_a_card_that_is_made_by_replacing_is_for_its_owner_and_joins_once(
    desk: Desk, gate: str, tmp_path: Path
) -> None:
    card = tmp_path / "card.json"
    card.write_text("an old one")
    card.chmod(0o644)
    made = desk.must("device", "replace", gate, "--card", str(card))
    assert stat.S_IMODE(card.stat().st_mode) == 0o600
    told = json.loads(card.read_text())
    assert (told["device"], told["site"], told["page"]) == (gate, "demo", desk.url)
    assert told["token"] not in json.dumps(made), "the secret stands on the card alone"
    assert desk.must("device", "show", gate)["card"]["state"] == "live"
    join(desk, told)
    assert states(desk, gate) == ["good"]
    assert desk.must("device", "show", gate)["card"]["state"] == "used"


def test_the_old_certificate_ends_when_the_new_card_joins_or_at_once(desk: Desk, joined: str, tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    desk.must("device", "replace", joined, "--card", str(card))
    assert states(desk, joined) == ["good"], "until the new card comes, the old one works"
    join(desk, json.loads(card.read_text()))
    assert sorted(states(desk, joined)) == ["good", "revoked"]
    refused = desk.type("device", "replace", joined, "--now")
    assert (refused.status, "if you are sure, add --yes" in refused.err) == (1, True)
    done = desk.must("device", "replace", joined, "--now", "--reason", "卡丢了")
    assert len(done["revoked"]) == 1
    assert sorted(states(desk, joined)) == ["revoked", "revoked"]


def test_revoking_asks_first_and_twice_is_once(desk: Desk, joined: str) -> None:
    assert desk.type("device", "revoke", joined).status == 1
    assert states(desk, joined) == ["good"]
    done = desk.must("device", "revoke", joined, "--reason", "卡被偷了")
    assert len(done["revoked"]) == 1
    assert states(desk, joined) == ["revoked"]
    assert desk.must("device", "revoke", joined)["revoked"] == []


def test_a_retired_point_is_out_of_the_list_keeps_its_history_and_can_come_back(desk: Desk, joined: str) -> None:
    assert desk.type("device", "retire", joined).status == 1, "it asks"
    assert desk.must("device", "retire", joined, "--reason", "拆了")["changed"] is True
    assert desk.must("device", "retire", joined)["changed"] is False
    assert joined not in {row["id"] for row in desk.must("device", "list")["devices"]}
    assert joined in {row["id"] for row in desk.must("device", "list", "--retired")["devices"]}
    assert states(desk, joined) == ["revoked"]
    for words in (("replace", joined), ("rotate", joined), ("add", joined, "--place", "x")):
        told = desk.type("device", *words, "--json", "--yes")
        assert (told.status, told.value["error"]["code"]) == (1, "retired"), words
    assert desk.must("device", "retire", joined, "--undo")["retired"] is False
    assert joined in {row["id"] for row in desk.must("device", "list")["devices"]}


def test_a_certificate_is_renewed_over_ssh_with_the_card_on_standard_input(
    desk: Desk, joined: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ssh` here keeps what it was given: no token among the words that every user of a machine may see."""
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/words\ncat > {tmp_path}/card\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    desk.must("device", "rotate", joined, "--over-ssh", "pi@192.0.2.21")
    card = json.loads((tmp_path / "card").read_text())
    words = (tmp_path / "words").read_text()
    assert card["device"] == joined
    assert "edge-agent join" in words
    assert card["token"] not in words
    program.write_text("#!/bin/sh\necho no route to host >&2\nexit 255\n")
    told = desk.type("device", "rotate", joined, "--over-ssh", "pi@192.0.2.21")
    assert (told.status, "no route to host" in told.err) == (1, True)


def test_a_certificate_is_renewed_by_the_hub_and_asked_for_twice_it_is_renewed_once(desk: Desk, joined: str) -> None:
    done = desk.must("device", "rotate", joined)
    assert done["how"] == "hub"
    assert desk.must("device", "rotate", joined)["rollout"] == done["rollout"]
    desk.must("rollout", "stop", str(done["rollout"]))


def test_what_has_no_certificate_cannot_be_renewed(desk: Desk, gate: str) -> None:
    told = desk.type("device", "rotate", gate, "--json")
    assert (told.status, told.value["error"]["code"]) == (1, "no_certificate")


def test_a_technician_reads_all_of_it_in_chinese(desk: Desk, gate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOUWANG_LANG", "zh")
    assert "还没有来过" in desk.type("device", "list").out
    told = desk.type("device", "show", gate)
    assert told.out.splitlines()[0] == f"{gate}：东门，桂花村"
    assert told.out.splitlines()[-1].startswith("下一步：写卡：")
    assert "没有设备 gate-never" in desk.type("device", "show", "gate-never").err
