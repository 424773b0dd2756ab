"""The site key is made once, kept for one user, and refused when it was not."""

from pathlib import Path

import pytest

from hub_server.store.site_key import SiteKeyError, create_site_key, read_site_key


def test_a_site_key_is_32_random_bytes_for_its_user_only(tmp_path: Path) -> None:
    key = create_site_key(tmp_path)
    assert len(key) == 32
    assert read_site_key(tmp_path) == key
    assert (tmp_path / "site.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "other").mkdir()
    assert create_site_key(tmp_path / "other") != key


def test_a_site_key_is_never_replaced(tmp_path: Path) -> None:
    key = create_site_key(tmp_path)
    with pytest.raises(SiteKeyError, match="already"):
        create_site_key(tmp_path)
    assert read_site_key(tmp_path) == key
    assert [path.name for path in tmp_path.iterdir()] == ["site.key"]


def test_what_a_crash_left_while_making_it_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "site.key.part").write_bytes(b"half")
    with pytest.raises(SiteKeyError, match="restore"):
        read_site_key(tmp_path)
    key = create_site_key(tmp_path)
    assert read_site_key(tmp_path) == key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_key_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    create_site_key(tmp_path)
    (tmp_path / "site.key").chmod(mode)
    with pytest.raises(SiteKeyError, match="chmod 600"):
        read_site_key(tmp_path)


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_a_key_of_another_size_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "site.key").write_bytes(content)
    (tmp_path / "site.key").chmod(0o600)
    with pytest.raises(SiteKeyError, match="32 bytes"):
        read_site_key(tmp_path)


def test_a_link_or_a_folder_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    create_site_key(tmp_path / "elsewhere")
    (tmp_path / "site.key").symlink_to(tmp_path / "elsewhere" / "site.key")
    with pytest.raises(SiteKeyError):
        read_site_key(tmp_path)
    (tmp_path / "site.key").unlink()
    (tmp_path / "site.key").mkdir()
    with pytest.raises(SiteKeyError):
        read_site_key(tmp_path)


def test_another_users_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_site_key(tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    with pytest.raises(SiteKeyError, match="another user"):
        read_site_key(tmp_path)
