"""The systemd units of a device.

shouwang-setup  at every boot: puts in place what the card brings, once; then it ends at once
shouwang-join   while there is a token on the card: the device gets its certificate
shouwang-agent  watches
"""

from typing import Final

from firmware_config.device.files import Files, Rendered
from firmware_config.device.places import BOOT, CARD, CONFIG, ETC, PROGRAM, RUNTIME, STATE, TOKEN, USER
from firmware_config.profile import DeviceProfile

SETUP: Final = "shouwang-setup.service"
JOIN: Final = "shouwang-join.service"
AGENT: Final = "shouwang-agent.service"
DATA_MOUNT: Final = "var-lib-shouwang.mount"  # systemd wants a mount's unit to be named after its place
ETC_MOUNT: Final = "etc-shouwang.mount"
DATA_LABEL: Final = "shouwang-data"  # install.sh gives it
FOLDER: Final = "etc/systemd/system"

WATCHDOG_S: Final = 30
"""The agent's heart beats once a second while pictures come and are looked at. It stops 10 s after the last picture and
30 s after the last look (edge_agent/health.py); in between, one commit to a slow card may hold it for seconds."""
FIRST_PICTURE_S: Final = 120  # READY is said with the first picture
RESTART_WANTED: Final = 75  # EX_TEMPFAIL: the agent has taken new settings or a new model, and asks to be started anew

_HEAD: Final = "# Written by provision; a card that is written anew brings its own."
_JOIN_WAIT_S: Final = 60  # at most so long a gate that has joined before waits for its agent; then it is tried again


def render_units(profile: DeviceProfile) -> Files:
    """By path below the root of the device's file system."""
    texts = {SETUP: _setup(), JOIN: _join(), AGENT: _agent()}
    if profile.data is not None:
        texts |= {DATA_MOUNT: _data_mount(profile.data), ETC_MOUNT: _etc_mount()}
    return {f"{FOLDER}/{name}": Rendered(text=text) for name, text in texts.items()}


def _setup() -> str:
    return f"""{_HEAD}
[Unit]
Description=Shouwang: puts in place what the card brings
ConditionPathExists={CARD}/install.sh
RequiresMountsFor={BOOT}
After=network.target local-fs.target
# A gate without internet must not wait for one: the wheels are on the card. Where they are not, this is tried again.
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/bin/bash {CARD}/install.sh
TimeoutStartSec=30min
Restart=on-failure
RestartSec=60

[Install]
WantedBy=multi-user.target
"""


def _join() -> str:
    return f"""{_HEAD}
[Unit]
Description=Shouwang: this device becomes one of its site
ConditionPathExists={CARD}/{TOKEN}
ConditionPathExists={PROGRAM}
RequiresMountsFor={BOOT} {STATE} {ETC}
Wants=network-online.target
After=network-online.target {SETUP}
Before={AGENT}
StartLimitIntervalSec=0

[Service]
Type=oneshot
# As root: it takes the token off the card. What it makes is {USER}'s.
ExecStart={PROGRAM} join --config {CONFIG} --token-file {CARD}/{TOKEN} --wait-s {_JOIN_WAIT_S}
ExecStartPost=-/bin/systemctl --no-block restart {AGENT}
# So that whoever holds the card reads what happened.
ExecStopPost=-/bin/sh -c 'journalctl --unit={JOIN} --boot --lines=40 --output=short-iso > {CARD}/join.log'
TimeoutStartSec={_JOIN_WAIT_S + 60}
Restart=on-failure
RestartSec=60

[Install]
WantedBy=multi-user.target
"""


def _agent() -> str:
    return f"""{_HEAD}
[Unit]
Description=Shouwang: watches a camera, and tells the hub who walked past
# Without a certificate it could not speak; shouwang-join starts it when there is one.
ConditionPathExists={STATE}/device.pem
RequiresMountsFor={STATE} {ETC}
After=network.target {JOIN}
# A gate never gives up.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={PROGRAM} run --config {CONFIG}
User={USER}
Group={USER}
Environment=PYTHONUNBUFFERED=1
# Where lgpio, which moves the relay, makes its pipes; else it would try the folder that it was started in.
Environment=LG_WD={RUNTIME}
Restart=always
RestartSec=5
# It asks to be started anew: no failure.
SuccessExitStatus={RESTART_WANTED}
RestartForceExitStatus={RESTART_WANTED}
TimeoutStartSec={FIRST_PICTURE_S}
WatchdogSec={WATCHDOG_S}
# A camera that hangs is no reason to lose the passages under way: asked to end, and killed only when it does not.
WatchdogSignal=SIGTERM
TimeoutAbortSec=20
TimeoutStopSec=30
StateDirectory={USER}
StateDirectoryMode=0700
RuntimeDirectory={USER}
RuntimeDirectoryMode=0755
UMask=0077
# It writes its own two folders. Cameras, relays and speakers are /dev/video*, /dev/media*, /dev/dma_heap/*,
# /dev/gpiochip* and /dev/snd/*, opened by membership in groups: so no PrivateDevices, no DevicePolicy, and no
# ProtectClock, which brings a DevicePolicy along.
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectHostname=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
SystemCallArchitectures=native
# Netlink: how libcamera hears of its devices.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK

[Install]
WantedBy=multi-user.target
"""


def _data_mount(data: str) -> str:
    return f"""{_HEAD}
[Unit]
Description=Shouwang: the data partition

[Mount]
What={_device(data)}
Where={STATE}
Type=ext4
# Each commit of the journal asks for the disk by itself; a damaged file system is not written to.
Options=noatime,nodev,nosuid,noexec,errors=remount-ro

[Install]
WantedBy=local-fs.target
"""


def _etc_mount() -> str:
    return f"""{_HEAD}
[Unit]
Description=Shouwang: the configuration lies on the data partition
RequiresMountsFor={STATE}

[Mount]
What={STATE}/etc
Where={ETC}
Type=none
Options=bind

[Install]
WantedBy=local-fs.target
"""


def _device(data: str) -> str:
    """As mount(8) takes it, LABEL=x too; `%` begins a specifier in a unit."""
    return f"LABEL={DATA_LABEL}" if data == "card" else data.replace("%", "%%")
