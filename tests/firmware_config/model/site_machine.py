"""A hub's machine in a folder: install.sh puts its files there, a real Mosquitto runs with them.

Paths in the installed files get the folder's name in front, as chroot would give it; `systemctl` is a stand-in that
does to the broker's process what systemd does: signal it, or end it and start it as its unit says.
"""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Final

from firmware_config.mosquitto import CONF
from firmware_config.site import places
from firmware_config.site.folder import SiteFolder

MOSQUITTO: Final = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_SYSTEMCTL: Final = """\
#!/bin/sh
# is-active, kill --signal=HUP and restart of the broker, as its unit has them.
set -eu
here=$(dirname -- "$0")
echo "$@" >>"$here/told"
case $1 in
    is-active) kill -0 "$(cat "$here/pid")" ;;
    kill) kill -HUP "$(cat "$here/pid")" ;;
    restart)
        kill -TERM "$(cat "$here/pid")" && tail --pid="$(cat "$here/pid")" -s 0.02 -f /dev/null
        exec "$here/start"
        ;;
esac
"""
_START: Final = """\
#!/bin/sh
set -eu
here=$(dirname -- "$0")
{script} take
{script} started
{mosquitto} -v -c {conf} </dev/null >/dev/null 2>"$here/log" &
echo $! >"$here/pid"
until grep -q "mosquitto version .* running" "$here/log"; do
    kill -0 "$(cat "$here/pid")"
    sleep 0.02
done
"""


class Machine:
    """`root`: its file system."""

    def __init__(self, root: Path, site: SiteFolder) -> None:
        self.root = root
        self.site = site
        self.steering = root / "steering"
        for program in (site.read().program, places.MOSQUITTO):
            self.at(program).parent.mkdir(parents=True, exist_ok=True)
            self.at(program).write_text("#!/bin/sh\n")
            self.at(program).chmod(0o755)

    def at(self, path: Path) -> Path:
        return self.root / path.relative_to("/")

    def install(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = [str(self.site.path / "files" / "install.sh"), "--root", str(self.root), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    # --- the broker ---

    def start(self) -> None:
        """With what was installed."""
        self.prepare()
        subprocess.run([str(self.steering / "start")], check=True, timeout=60)

    def prepare(self) -> None:
        """All but the start."""
        assert MOSQUITTO is not None
        self.steering.mkdir()
        self._prefix(self.at(places.BROKER_SCRIPT))
        conf = self.at(places.BROKER_ETC / CONF)
        self._prefix(conf)
        user = "user root\n" if os.geteuid() == 0 else ""
        text = re.sub(r"^listener (\d+)$", r"listener \1 127.0.0.1", conf.read_text(), flags=re.MULTILINE)
        conf.write_text(text.replace("per_listener_settings", f"{user}per_listener_settings", 1))
        values = {"script": self.at(places.BROKER_SCRIPT), "mosquitto": MOSQUITTO, "conf": conf}
        for name, script in (("systemctl", _SYSTEMCTL), ("start", _START.format(**values))):
            (self.steering / name).write_text(script)
            (self.steering / name).chmod(0o755)

    def stop(self) -> None:
        if (self.steering / "pid").exists():
            pid = f'"$(cat {self.steering}/pid)"'
            words = ["sh", "-c", f"kill {pid} && tail --pid={pid} -s 0.02 -f /dev/null"]
            subprocess.run(words, check=False, timeout=60)

    def broker_files(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """The script as the units run it."""
        path = f"{self.steering}:{os.environ['PATH']}"
        return subprocess.run(
            [str(self.at(places.BROKER_SCRIPT)), *words],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PATH": path},
            timeout=60,
        )

    def carried_out(self) -> list[str]:
        """What the units do when `changed` has changed; what systemd was told by it, without the questions."""
        (self.steering / "told").unlink(missing_ok=True)
        for word in ("take", "tell"):
            done = self.broker_files(word)
            assert done.returncode == 0, done.stderr
        told = (self.steering / "told").read_text().splitlines()
        return [line for line in told if not line.startswith("is-active")]

    def hub_writes(self, *, acl: str | None = None, crl: bytes | None = None, order: str | None = None) -> None:
        folder = self.at(places.BROKER_FILES)
        for name, content in (("acl", acl), ("crl.pem", crl), ("changed", order)):
            if content is not None:
                part = folder / f".{name}"
                part.write_bytes(content if isinstance(content, bytes) else content.encode())
                part.rename(folder / name)

    def _prefix(self, path: Path) -> None:
        absolute = "|".join(re.escape(str(one)) for one in (places.ETC, "/var/lib/shouwang", "/run/shouwang"))
        path.write_text(re.sub(rf"(?<![\w/.])({absolute})", rf"{self.root}\1", path.read_text()))
        (self.root / "run").mkdir(exist_ok=True)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
