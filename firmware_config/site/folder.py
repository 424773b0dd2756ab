"""The site's folder on a technician's disk: `site.toml`, the certificates, and `files/` for the hub's machine."""

import os
from datetime import datetime
from pathlib import Path
from typing import Final

from firmware_config import disk
from firmware_config.ca.folder import ROOT, CaFolder, Names
from firmware_config.site import files, profile
from firmware_config.site.profile import ProfileError, SiteProfile

_PROGRAM_MODE: Final = 0o755


class SiteFolder:
    """Durable, keys 0600, the folder 0700. Every method raises CaError, ProfileError, or OSError.

    What `begin` cannot finish (a full disk, a power cut) is begun again in an emptied folder: nothing counts before
    `root.pem` and `site.toml` are there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.certificates = CaFolder(path)

    @property
    def begun(self) -> bool:
        return (self.path / profile.FILE).exists()

    def begin(self, site: SiteProfile, *, passphrase: str) -> list[Path]:
        """A new site: all of it. The files it wrote. Nothing that is there is overwritten."""
        names = Names(site=site.name, broker=site.broker_names, page=site.page_names, watchdogs=site.watchdogs)
        written = self.certificates.begin(names, passphrase=passphrase, now=site.made)
        disk.write_new(self.path / profile.FILE, profile.render(site).encode(), disk.PUBLIC_MODE)
        return [*written, self.path / profile.FILE, *self.write_files()]

    def read(self) -> SiteProfile:
        """What `site.toml` says."""
        try:
            return profile.parse((self.path / profile.FILE).read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ProfileError([f"{self.path} is no site's folder: {error}"]) from error

    def outdated(self) -> list[Path]:
        """Files in `files/` that are missing or not what `site.toml` says now."""
        return [path for path, text in self._wanted().items() if _held(path) != text.encode()]

    def write_files(self) -> list[Path]:
        """Those written anew. They hold nothing but what follows from `site.toml`, so they may be overwritten."""
        folder = self.path / files.FOLDER
        disk.make_folder(folder)
        changed = self.outdated()
        for path in changed:
            mode = _PROGRAM_MODE if path.name in files.EXECUTABLE else disk.PUBLIC_MODE
            disk.replace(path, self._wanted()[path].encode(), mode)
        return changed

    def add_missing(self, site: SiteProfile, *, now: datetime) -> list[Path]:
        """Certificates of watchdogs that `site.toml` names since."""
        made: list[Path] = []
        for name in site.watchdogs:
            if not self.certificates.files(f"devices/{name}")[0].exists():
                made += self.certificates.add_device(name, now=now)
        return made

    @property
    def root_key(self) -> Path:
        return self.certificates.files(ROOT)[1]

    def _wanted(self) -> dict[Path, str]:
        return {self.path / files.FOLDER / name: text for name, text in files.render(self.read()).items()}


def _held(path: Path) -> bytes | None:
    try:
        executable = os.access(path, os.X_OK)
        return path.read_bytes() if executable == (path.name in files.EXECUTABLE) else None
    except OSError:
        return None
