"""`site.toml` and what stands in it."""

import tomllib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_config.site.profile import ProfileError, SiteProfile, parse, render

MADE = datetime(2026, 11, 28, 8, 30, tzinfo=UTC)
SITE = SiteProfile(
    name="guihua",
    broker_hosts=("hub.guihua.lan", "192.168.1.10"),
    hub_hosts=("hub.guihua.lan",),
    made=MADE,
    areas=("桂花村", '"quoted" \\ 社区'),
    keys_mirror=Path("/mnt/second/keys"),
)


def test_what_is_written_is_read_back() -> None:
    assert parse(render(SITE)) == SITE
    least = SiteProfile(name="a", broker_hosts=("h",), hub_hosts=("h",), made=MADE)
    assert parse(render(least)) == least
    assert "keys_mirror" not in render(least)


PRINTABLE = st.text(st.characters(codec="utf-8").filter(str.isprintable), min_size=1, max_size=64)


@given(areas=st.lists(PRINTABLE.filter(lambda text: text == text.strip()), max_size=5, unique=True))
def test_any_printable_area_is_read_back_and_smuggles_in_nothing(areas: list[str]) -> None:
    site = replace(SITE, areas=tuple(areas))
    assert parse(render(site)) == site
    assert set(tomllib.loads(render(site))) == {"name", "made", "areas", "time_zone", "watchdogs", "broker", "hub"}


def test_every_field_has_a_place_in_the_file() -> None:
    told = tomllib.loads(render(SITE))
    tables = [told["broker"], told["hub"], {key: value for key, value in told.items() if not isinstance(value, dict)}]
    assert sum(len(table) for table in tables) == len(fields(SiteProfile))


def test_the_page_and_the_names_of_certificates_follow() -> None:
    assert SITE.page == "https://hub.guihua.lan:8443"
    assert replace(SITE, hub_hosts=("fd00::1",)).page == "https://[fd00::1]:8443"
    assert SITE.broker == "hub.guihua.lan:8883"
    assert replace(SITE, broker_hosts=("fd00::1",)).broker == "[fd00::1]:8883"
    assert SITE.broker_names == ("hub.guihua.lan", "192.168.1.10", "localhost")
    assert replace(SITE, hub_hosts=("localhost",)).page_names == ("localhost",)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "Guihua"}, "no name of a site"),
        ({"name": "a\nb"}, "no name of a site"),
        ({"broker_hosts": ()}, "1 to 8"),
        ({"broker_hosts": ("Hub.lan",)}, "no host name"),
        ({"hub_hosts": ("hub.lan\nExecStartPre=/bin/sh",)}, "no host name"),
        ({"hub_hosts": ("$(reboot)",)}, "no host name"),
        ({"broker_hosts": ("a", "a")}, "two hosts"),
        ({"areas": ("桂花村", "桂花村")}, "two areas"),
        ({"areas": ("a\nb",)}, "no area"),
        ({"areas": (" a",)}, "no area"),
        ({"watchdogs": ()}, "how many watchdogs"),
        ({"watchdogs": ("hub",)}, "no name of a watchdog"),
        ({"watchdogs": ("w; reboot",)}, "no name of a watchdog"),
        ({"time_zone": "Asia/Guihua"}, "no time zone"),
        ({"time_zone": "../../etc/localtime"}, "no time zone"),
        ({"time_zone": "Asia"}, "no time zone"),
        ({"time_zone": ""}, "no time zone"),
        ({"broker_port": 0}, "1 to 65535"),
        ({"page_port": 8883}, "two ports"),
        ({"devices_max": 0}, "the most devices"),
        ({"backups_kept_days": 0}, "backups"),
        ({"program": Path("hub-server")}, "no path"),
        ({"data": Path("/")}, "no path"),
        ({"data": Path("/var/$(reboot)")}, "no path"),
        ({"backups": Path("/var/../etc")}, "no path"),
        ({"keys_mirror": Path("/var/lib/shouwang/keys")}, "another disk"),
        ({"made": MADE.replace(tzinfo=None)}, "whole seconds"),
        ({"made": MADE + timedelta(microseconds=1)}, "whole seconds"),
    ],
)
def test_what_is_no_site_or_would_smuggle_in_a_setting_is_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ProfileError, match=words):
        replace(SITE, **wrong)  # type: ignore[arg-type]


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ProfileError) as told:
        replace(SITE, name="A", page_port=0, areas=("",))
    assert len(told.value.mistakes) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = 'a'", "made is missing"),
        (render(SITE).replace("[hub]", "[hubb]"), "nothing here is called hubb.hosts"),
        (render(SITE).replace("port = 8883", "port = '8883'"), "is not what belongs there"),
        (render(SITE).replace("port = 8883", "port = true"), "is not what belongs there"),
        (render(SITE).replace("made = ", "made = 1 #"), "is not what belongs there"),
        (render(SITE).replace("2026-11-28T08:30:00Z", "2026-11-28T08:30:00"), "is not what belongs there"),
        ("name = ", "no TOML"),
        ("#" * 300_000, "longer"),
    ],
)
def test_a_file_that_is_no_site_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ProfileError, match=words):
        parse(text)
