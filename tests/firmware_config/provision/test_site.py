"""`provision site`, as somebody types it."""

import errno
import json
import os
import pty
import select
import sys
from pathlib import Path

import pytest

from firmware_config.ca.authority import Pair, load_authority
from firmware_config.provision.main import main

PASSPHRASE = "四个词 of a test 测试"
NEW = ("--name", "guihua", "--host", "hub.guihua.lan", "--host", "127.0.0.1", "--area", "桂花村")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOUWANG_LANG", "en")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.touch(mode=0o600)
    path.write_text(f"{PASSPHRASE}\nwhat else stands in it\n")
    return path


@pytest.fixture
def site(tmp_path: Path, secret: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "guihua"
    assert main(["site", "init", str(path), *NEW, "--passphrase-file", str(secret)]) == 0
    capsys.readouterr()
    return path


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    answer = json.loads(capsys.readouterr().out)
    assert isinstance(answer, dict)
    return answer


def test_a_new_site_is_made_and_the_next_step_is_said(
    tmp_path: Path, secret: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "guihua"
    assert main(["site", "init", str(path), *NEW, "--passphrase-file", str(secret)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1].startswith("Next: on the hub's machine: sudo ")
    assert any("root.key" in line and "USB" in line for line in said)
    root = Pair(certificate=(path / "root.pem").read_bytes(), key=(path / "root.key").read_bytes())
    load_authority(root, PASSPHRASE)


def test_done_twice_it_is_done_once(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    for words in ((), NEW):
        assert main(["site", "init", str(site), *words]) == 0, "nobody is asked for a passphrase"
        assert capsys.readouterr().out == "Nothing has changed.\n"
    assert {path: path.read_bytes() for path in site.rglob("*") if path.is_file()} == before


def test_an_option_does_not_change_a_site_that_is_there(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", "init", str(site), "--name", "other", "--page-port", "9443"]) == 2
    assert "(name, page_port)" in capsys.readouterr().err


def test_what_is_changed_in_site_toml_reaches_the_files(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toml = site / "site.toml"
    toml.write_text(toml.read_text().replace('["watchdog"]', '["watchdog", "second"]'))
    assert main(["site", "init", str(site), "--dry-run", "--json"]) == 0
    assert told(capsys)["written"] == [str(site / "files" / name) for name in ("acl", "shouwang-hub.service")]
    assert main(["site", "init", str(site)]) == 0
    assert (site / "devices" / "second.key").exists()
    assert "user second\n" in (site / "files" / "acl").read_text()


def test_a_dry_run_writes_nothing_and_needs_no_passphrase(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "guihua"
    assert main(["site", "init", str(path), *NEW, "--dry-run", "--json"]) == 0
    answer = told(capsys)
    assert (answer["dry_run"], answer["page"]) == (True, "https://hub.guihua.lan:8443")
    assert not path.exists()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--name", "guihua"), "needs --host"),
        ((), "needs --name, --host"),
        ((*NEW, "--host", "Hub_1"), "no host name"),
        (("--name", "../x", "--host", "a"), "no name of a site"),
        ((*NEW, "--area", "a\x1b[31m"), "no area"),
        ((*NEW, "--time-zone", "Mars/Olympus"), "no time zone"),
        ((*NEW, "--page-port", "99999"), "1 to 65535"),
        ((*NEW, "--watchdog", "hub.office"), "no name of a watchdog"),
        ((*NEW, "--program", "/opt/a b"), "no path"),
    ],
)
def test_what_is_no_site_is_refused_and_nothing_is_written(
    tmp_path: Path, secret: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], complaint: str
) -> None:
    path = tmp_path / "guihua"
    assert main(["site", "init", str(path), *words, "--passphrase-file", str(secret)]) == 2
    assert complaint in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.parametrize(
    ("content", "mode", "complaint"),
    [
        (PASSPHRASE, 0o640, "chmod 600"),
        ("", 0o600, "holds no passphrase"),
        ("too short", 0o600, "at least 12"),
        (None, 0o600, "cannot be read"),
    ],
)
def test_a_bad_passphrase_file_makes_no_site(
    tmp_path: Path, secret: Path, capsys: pytest.CaptureFixture[str], content: str | None, mode: int, complaint: str
) -> None:
    if content is None:
        secret.unlink()
    else:
        secret.write_text(content)
        secret.chmod(mode)
    path = tmp_path / "guihua"
    assert main(["site", "init", str(path), *NEW, "--passphrase-file", str(secret)]) != 0
    assert complaint in capsys.readouterr().err
    assert not path.exists()


def test_without_somebody_to_ask_it_says_which_option_helps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", open(os.devnull))  # noqa: SIM115, PTH123 closed with the test's end
    try:
        assert main(["site", "init", str(tmp_path / "guihua"), *NEW]) == 2
    finally:
        sys.stdin.close()
    assert "--passphrase-file" in capsys.readouterr().err


def typed(words: list[str], lines: list[str]) -> tuple[int, str]:
    """Runs `provision` on a terminal of its own and types a line at each prompt; its exit status, what it showed."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-m", "firmware_config.provision.main", *words])  # noqa: S606
    shown, answers = b"", list(lines)
    while True:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, shown
        try:
            got = os.read(terminal, 4096)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            break  # the terminal closes with the program
        shown += got
        if not got:
            break
        if shown.rstrip(b" ").endswith((b"passphrase:", b"once more:")) and answers:
            os.write(terminal, f"{answers.pop(0)}\n".encode())
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()


def test_on_a_terminal_it_asks_twice_again_when_they_differ_and_shows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "guihua"
    status, shown = typed(
        ["site", "init", str(path), *NEW],
        ["one of four words", "another of four", "one of four words", "one of four words"],
    )
    assert status == 0, shown
    assert "These differ" in shown
    assert "four words\r" not in shown.replace("four words or more", "")
    root = Pair(certificate=(path / "root.pem").read_bytes(), key=(path / "root.key").read_bytes())
    load_authority(root, "one of four words")


def test_check_is_content_with_a_new_site_but_for_its_root(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", "check", str(site), "--json"]) == 0
    answer = told(capsys)
    assert answer["well"] is True
    assert [one["code"] for one in answer["findings"]] == ["root_here"]  # type: ignore[attr-defined]
    (site / "root.key").unlink()
    assert main(["site", "check", str(site)]) == 0
    assert capsys.readouterr().out == "All is well.\n"


def test_check_says_in_both_languages_what_is_wrong_and_what_mends_it(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (site / "hub.key").chmod(0o644)
    (site / "files" / "install.sh").unlink()
    assert main(["site", "check", str(site)]) == 1
    english = capsys.readouterr().out
    assert f"chmod 600 {site}/hub.key" in english
    assert "Next: mend the first" in english
    monkeypatch.setenv("SHOUWANG_LANG", "zh")
    assert main(["site", "check", str(site)]) == 1
    chinese = capsys.readouterr().out
    assert "别人也能看" in chinese
    assert "下一步" in chinese


def test_check_finds_nobody_listening(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toml = site / "site.toml"
    toml.write_text(toml.read_text().replace('["hub.guihua.lan", "127.0.0.1"]', '["127.0.0.1"]').replace("8883", "9"))
    toml.write_text(toml.read_text().replace("8443", "7"))
    assert main(["site", "init", str(site)]) == 0
    capsys.readouterr()
    assert main(["site", "check", str(site), "--live", "--json"]) == 1
    codes = [one["code"] for one in told(capsys)["findings"]]  # type: ignore[attr-defined]
    assert codes == ["root_here", "broker_live", "page_live"]


def test_a_folder_that_is_none_is_said_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", "check", str(tmp_path)]) == 1
    assert "no site's folder" in capsys.readouterr().out
    assert main(["site", "renew", str(tmp_path), "page"]) == 1


def test_a_certificate_is_renewed_without_the_root(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "root.key").unlink()
    before = {name: (site / f"{name}.pem").read_bytes() for name in ("page", "broker", "hub", "devices/watchdog")}
    assert main(["site", "renew", str(site), "page", "--dry-run"]) == 0
    assert (site / "page.pem").read_bytes() == before["page"]
    for word in ("page", "broker", "hub", "watchdog"):
        assert main(["site", "renew", str(site), word]) == 0
    after = {name: (site / f"{name}.pem").read_bytes() for name in before}
    assert not set(before.values()) & set(after.values())
    assert main(["site", "check", str(site)]) == 0
    assert main(["site", "renew", str(site), "root"]) == 2
    assert "not renewed here" in capsys.readouterr().err
