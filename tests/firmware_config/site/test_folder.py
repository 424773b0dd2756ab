"""The folder on a technician's disk, and what `check` finds in it."""

import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firmware_config.ca.authority import CaError, Pair, load_authority
from firmware_config.ca.folder import CaFolder, Names
from firmware_config.site.check import findings
from firmware_config.site.files import EXECUTABLE, render
from firmware_config.site.folder import SiteFolder
from firmware_config.site.profile import ProfileError

PASSPHRASE = "four words of a test"
NOW = datetime(2026, 11, 28, tzinfo=UTC)


def contents(folder: SiteFolder) -> dict[str, bytes]:
    return {str(path.relative_to(folder.path)): path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


def test_a_new_site_is_whole_and_its_files_are_those_of_its_profile(folder: SiteFolder) -> None:
    files = contents(folder)
    assert {name.removeprefix("files/") for name in files if name.startswith("files/")} == set(render(folder.read()))
    root = Pair(certificate=files["root.pem"], key=files["root.key"])
    load_authority(root, PASSPHRASE).certificate.verify_directly_issued_by(load_authority(root, PASSPHRASE).certificate)
    assert [one.code for one in findings(folder, now=NOW)] == ["root_here"]


def test_only_scripts_can_be_run_and_only_keys_are_hidden(tmp_path: Path, folder: SiteFolder) -> None:
    profile, before = folder.read(), os.umask(0)
    try:
        made = SiteFolder(tmp_path / "deep" / "other")
        made.begin(profile, passphrase=PASSPHRASE)
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in made.path.rglob("*")}
    assert {mode for path, mode in modes.items() if path.suffix == ".key"} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o700
    assert {path.name for path, mode in modes.items() if path.is_file() and mode == 0o755} == EXECUTABLE


def test_a_site_is_not_begun_over_another(folder: SiteFolder) -> None:
    before = contents(folder)
    with pytest.raises(CaError, match="already"):
        folder.begin(folder.read(), passphrase=PASSPHRASE)
    assert contents(folder) == before


def test_files_are_written_anew_when_the_site_has_changed_and_not_otherwise(folder: SiteFolder) -> None:
    before = contents(folder)
    assert folder.write_files() == []
    toml = folder.path / "site.toml"
    toml.write_text(toml.read_text().replace("8883", "8884"))
    changed = {path.name for path in folder.write_files()}
    assert changed == {"mosquitto.conf", "shouwang-hub.service", "shouwang-watchdog.service"}
    assert folder.write_files() == []
    (folder.path / "files" / "install.sh").chmod(0o644)
    assert [path.name for path in folder.write_files()] == ["install.sh"]
    kept = {name: content for name, content in contents(folder).items() if name.endswith((".pem", ".key"))}
    assert kept == {name: content for name, content in before.items() if name.endswith((".pem", ".key"))}


def test_a_watchdog_that_is_named_later_gets_its_certificate(folder: SiteFolder) -> None:
    site = replace(folder.read(), watchdogs=("watchdog", "second"))
    assert [path.name for path in folder.add_missing(site, now=NOW)] == ["second.pem", "second.key"]
    assert folder.add_missing(site, now=NOW) == []


def rewrite(name: str, text: str) -> Callable[[SiteFolder], object]:
    return lambda folder: (folder.path / name).write_text(text)


def swap(one: str, other: str) -> Callable[[SiteFolder], object]:
    return lambda folder: shutil.copy(folder.path / one, folder.path / other)


def drop(name: str) -> Callable[[SiteFolder], object]:
    return lambda folder: (folder.path / name).unlink()


def of_another_site(folder: SiteFolder) -> None:
    """The broker's files, of a site that calls itself the same."""
    other = CaFolder(folder.path.parent / "other")
    hosts = ["hub.guihua.lan", "127.0.0.1", "localhost"]
    other.begin(Names(site="guihua", broker=hosts, page=hosts), passphrase=PASSPHRASE, now=NOW)
    for name in ("broker.pem", "broker.key"):
        shutil.copy(other.path / name, folder.path / name)


def without_chain(folder: SiteFolder) -> None:
    path = folder.path / "hub.pem"
    path.write_text(path.read_text().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n")


def unlocked_root(folder: SiteFolder) -> None:
    shutil.copy(folder.path / "issuing.key", folder.path / "root.key")


def another_host(folder: SiteFolder) -> None:
    path = folder.path / "site.toml"
    path.write_text(path.read_text().replace('hosts = ["hub.guihua.lan", "127.0.0.1"]', 'hosts = ["new.lan"]'))
    folder.write_files()


@pytest.mark.parametrize(
    ("spoil", "code", "about"),
    [
        (drop("broker.key"), "missing", "broker"),
        (drop("devices/watchdog.pem"), "missing", "devices/watchdog"),
        (drop("issuing.key"), "issuing", "issuing"),
        (drop("crl.pem"), "crl", "crl.pem"),
        (drop("files/acl"), "files", "files/acl"),
        (rewrite("files/acl", "topic readwrite #\n"), "files", "files/acl"),
        (rewrite("hub.key", "no key"), "unreadable", "hub"),
        (rewrite("crl.pem", "no list"), "crl", "crl.pem"),
        (rewrite("site.toml", "name = 'a'"), "no_site", "guihua"),
        (swap("page.key", "hub.key"), "key", "hub.pem"),
        (swap("hub.pem", "devices/watchdog.pem"), "name", "devices/watchdog.pem"),
        (of_another_site, "chain", "broker.pem"),
        (without_chain, "chain", "hub.pem"),
        (another_host, "name", "broker.pem"),
        (unlocked_root, "root_unlocked", "root.key"),
        (lambda folder: (folder.path / "issuing.key").chmod(0o640), "mode", "issuing.key"),
        (lambda folder: folder.path.chmod(0o755), "mode", "guihua"),
    ],
)
def test_what_is_wrong_is_found_and_comes_first(
    folder: SiteFolder, spoil: Callable[[SiteFolder], object], code: str, about: str
) -> None:
    spoil(folder)
    found = findings(folder, now=NOW)
    assert found[0].serious
    assert [one for one in found if one.serious and one.code == code and one.about.endswith(about)], found
    assert all(one.zh and one.en for one in found)


def test_the_root_is_best_somewhere_else(folder: SiteFolder) -> None:
    folder.root_key.unlink()
    assert findings(folder, now=NOW) == []


@pytest.mark.parametrize(
    ("days", "page"),
    [(819 - 61, []), (819 - 59, ["expires"]), (821, ["expired"])],
)
def test_a_certificate_that_ends_is_told_in_time(folder: SiteFolder, days: int, page: list[str]) -> None:
    found = findings(folder, now=NOW + timedelta(days=days), soon_days=60)
    assert [one.code for one in found if one.about == "page.pem"] == page


@pytest.mark.parametrize(("days", "codes"), [(20 * 365 - 61, []), (20 * 365 - 59, ["expires"]), (7301, ["expired"])])
def test_the_end_of_the_site_itself_is_told_in_time(folder: SiteFolder, days: int, codes: list[str]) -> None:
    found = findings(folder, now=NOW + timedelta(days=days), soon_days=60)
    for name in ("root.pem", "issuing.pem"):
        assert [one.code for one in found if one.about == name and one.code.startswith("expire")] == codes


def test_a_renewed_certificate_is_all_that_was_missing(folder: SiteFolder) -> None:
    another_host(folder)
    later = NOW + timedelta(days=3660)
    site = folder.read()
    assert len([one for one in findings(folder, now=later) if one.serious]) > 3
    for name, hosts in {
        "broker": site.broker_names,
        "page": site.page_names,
        "hub": (),
        "devices/watchdog": (),
    }.items():
        folder.certificates.renew(name, hosts, now=later)
    assert [one.code for one in findings(folder, now=later)] == ["root_here"]


def test_a_folder_that_is_none_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="no site's folder"):
        SiteFolder(tmp_path).read()
    assert [one.code for one in findings(SiteFolder(tmp_path), now=NOW)] == ["no_site"]
