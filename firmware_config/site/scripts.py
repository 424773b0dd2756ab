"""The two shell scripts of the hub's machine, as text: `broker-files` and `install.sh`. Pure."""

from string import Template
from typing import Final

from firmware_config.site import places
from firmware_config.site.profile import SiteProfile

INSTALL: Final = "install.sh"

_BROKER_FILES: Final = Template("""\
#!/bin/sh
# Written by firmware_config. How what the hub writes reaches Mosquitto:
#   broker-files take     copy acl and crl.pem to where Mosquitto reads them      (as $broker_user)
#   broker-files started  remember what a broker that is about to start has read  (as root)
#   broker-files tell     have the broker read again, or start it again           (as root)
# The hub writes its files first and $from/changed last: "reload N" or "restart N", N one more each time. Open
# connections of a revoked device end by a restart only. Where a number was skipped, nobody knows what it said: restart.
set -eu
from=$from
to=$to
told=/run/shouwang-broker-told

fail() {
    echo "broker-files: $$*" >&2
    exit 1
}

# What file $$1 says: "reload N" or "restart N"; "reload 0" when it is not there yet.
said() {
    if [ ! -e "$$1" ]; then
        echo "reload 0"
    elif [ -f "$$1" ] && line=$$(head -c 40 -- "$$1" | grep -Ex '(reload|restart) (0|[1-9][0-9]{0,14})'); then
        echo "$$line"
    else
        fail "$$1 holds no order"
    fi
}

take() {
    wanted=$$(said "$$from/changed")
    for name in acl crl.pem; do
        part=$$to/.$$name.part
        rm -f -- "$$part"
        (umask 077 && cat -- "$$from/$$name" >"$$part")
        mv -f -- "$$part" "$$to/$$name"
    done
    echo "$$wanted" >"$$to/taken"
}

started() {
    order=$$(said "$$to/taken")
    echo "$${order#* }" >"$$told"
}

tell() {
    order=$$(said "$$to/taken")
    number=$${order#* }
    systemctl is-active --quiet $broker_service || exit 0 # it reads everything when it starts
    last=$$(cat -- "$$told" 2>/dev/null || echo none)
    if [ "$$number" = "$$last" ]; then
        exit 0
    elif [ "$$last" != none ] && [ "$${order% *}" = reload ] && [ "$$number" = $$((last + 1)) ]; then
        systemctl kill --kill-who=main --signal=HUP $broker_service
        echo "$$number" >"$$told"
    else
        systemctl restart $broker_service
    fi
}

case $${1-} in
    take | started | tell) "$$1" ;;
    *) fail "take, started or tell" ;;
esac
""")

_INSTALL: Final = Template("""\
#!/bin/sh
# Written by firmware_config for the site $site: puts its files onto the hub's machine and starts broker and hub.
# Run it again after every change: what is there and the same stays untouched.
set -eu

usage() {
    cat <<'END'
usage: install.sh [--dry-run] [--watchdog NAME] [--root DIR]

  --dry-run        say what would be done, change nothing
  --watchdog NAME  only this watchdog: on another machine, so that somebody notices when the hub's has no power
  --root DIR       into another system's folder, such as an image; nothing is started

Run it as root where it lies, in the site's folder; root.key does not belong on this machine.
END
}

here=$$(CDPATH='' cd -- "$$(dirname -- "$$0")" && pwd)
papers=$$(dirname -- "$$here")
root=
dry=no
watchdog=$watchdog
only_watchdog=no
changed=

while [ $$# -gt 0 ]; do
    case $$1 in
        --dry-run) dry=yes ;;
        --watchdog) only_watchdog=yes; watchdog=$${2?--watchdog needs its name}; shift ;;
        --root) root=$${2?--root needs a folder}; shift ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done
case $$root in
    '' | /*) ;;
    *) echo "install.sh: --root needs an absolute path" >&2; exit 2 ;;
esac

fail() {
    echo "install.sh: $$*" >&2
    exit 1
}

act() {
    if [ "$$dry" = yes ]; then echo "would: $$*"; else "$$@"; fi
}

# put SOURCE TARGET MODE: unless it is there and the same
put() {
    [ -f "$$1" ] || fail "there is no $$1: run provision site check"
    if ! cmp -s -- "$$1" "$$root$$2"; then
        changed=yes
        act install -D -m "$$3" -- "$$1" "$$root$$2"
    fi
}

# number passwd|group NAME: as the system under --root knows it
number() { sed -n "s/^$$2:[^:]*:\\([0-9]*\\):.*/\\1/p" "$$root/etc/$$1"; }

# put_once SOURCE TARGET: the hub's own, which it writes from then on, and the broker's group may read
put_once() {
    if [ -e "$$root$$2" ]; then
        return
    elif [ "$$dry" = yes ]; then
        echo "would: install $$1 $$root$$2"
    else
        install -m 0640 -o "$$(number passwd $hub_user)" -g "$$(number group $broker_user)" -- "$$1" "$$root$$2"
    fi
}

unit() { put "$$here/$$1" "$units/$$1" 0644; }

ready() {
    if [ "$$dry" = no ] && [ -z "$$root" ] && [ "$$(id -u)" != 0 ]; then fail "run it as root: sudo $$0"; fi
    [ -x "$$root$program" ] || fail "there is no $program: install the program there first (README)"
    if [ -z "$$root" ]; then
        version=$$(systemctl --version | sed -n 's/^systemd \\([0-9]*\\).*/\\1/p')
        [ "$${version:-0}" -ge 250 ] || fail "systemd 250 or later is needed (Debian 12)"
    fi
    if [ "$$only_watchdog" = no ]; then
        [ -x "$$root$mosquitto" ] || fail "there is no Mosquitto: apt-get install mosquitto"
        if [ -e "$$papers/root.key" ]; then
            echo "WARNING: $$papers/root.key lies on this machine. Take it away: two USB sticks in two drawers." >&2
        fi
    fi
}

put_watchdog() {
    put "$$papers/root.pem" $root_pem 0644
    put "$$papers/devices/$$watchdog.pem" $watchdog_etc/watchdog.pem 0644
    put "$$papers/devices/$$watchdog.key" $watchdog_etc/watchdog.key 0600
    unit shouwang-watchdog.service
    unit shouwang-watchdog.timer
    if [ ! -e "$$root$alarms" ]; then
        act install -D -m 0600 -- "$$here/watchdog-urls" "$$root$alarms"
    fi
}

put_all() {
    put "$$here/sysusers.conf" $sysusers 0644
    put "$$here/tmpfiles.conf" $tmpfiles 0644
    put "$$here/broker-files" $broker_script 0755
    put "$$here/mosquitto.conf" $broker_etc/mosquitto.conf 0644
    put "$$papers/broker.pem" $broker_etc/broker.pem 0644
    put "$$papers/broker.key" $broker_etc/broker.key 0600
    for name in page hub issuing; do
        put "$$papers/$$name.pem" $hub_etc/$$name.pem 0644
        put "$$papers/$$name.key" $hub_etc/$$name.key 0600
    done
    for name in $units_of_hub; do
        unit "$$name"
    done
}

# Users, then folders and owners: systemd knows how, and does it again at each start of the machine.
settle() {
    act systemd-sysusers $${root:+--root="$$root"} $sysusers_name
    act systemd-tmpfiles $${root:+--root="$$root"} --create $tmpfiles_name
    put_once "$$here/acl" $broker_files/acl
    put_once "$$papers/crl.pem" $broker_files/crl.pem
}

start() {
    if [ -n "$$root" ]; then
        act systemctl --root="$$root" enable "$$@"
        return
    fi
    act systemctl daemon-reload
    act systemctl enable --quiet "$$@"
    if [ -n "$$changed" ]; then act systemctl restart "$$@"; else act systemctl start "$$@"; fi
}

has_alarms() { grep -qs '^[^#[:space:]]' "$$root$alarms"; }

ready
put_watchdog
if [ "$$only_watchdog" = no ]; then
    put_all
    settle
    # Debian's own broker would only take the place of ours.
    if [ -z "$$root" ] && systemctl --quiet is-enabled mosquitto.service 2>/dev/null; then
        act systemctl disable --quiet --now mosquitto.service
    fi
    start $enabled
fi
if has_alarms; then
    start shouwang-watchdog.timer
else
    echo "The watchdog has nobody to tell yet: a line in $alarms, then run this again."
fi
if [ "$$only_watchdog" = no ] && [ "$$dry" = no ]; then
    echo "Next, the first administrator of $page :"
    echo "  sudo -u $hub_user $program admin create NAME --display NAME --data $data"
fi
""")


def broker_files() -> str:
    """`broker-files`: take, started, tell."""
    return _BROKER_FILES.substitute(
        {
            "from": places.BROKER_FILES,
            "to": places.BROKER_STATE,
            "broker_user": places.BROKER_USER,
            "broker_service": places.BROKER_SERVICE,
        }
    )


def install(profile: SiteProfile, *, units: list[str]) -> str:
    """`install.sh`. `units`: those of broker, hub and backup; those with an [Install] part are enabled."""
    return _INSTALL.substitute(
        site=profile.name,
        program=profile.program,
        data=profile.data,
        page=profile.page,
        mosquitto=places.MOSQUITTO,
        units=places.UNITS,
        root_pem=places.ROOT_PEM,
        alarms=places.ALARMS,
        sysusers=places.SYSUSERS,
        sysusers_name=places.SYSUSERS.name,
        tmpfiles=places.TMPFILES,
        tmpfiles_name=places.TMPFILES.name,
        broker_script=places.BROKER_SCRIPT,
        broker_etc=places.BROKER_ETC,
        broker_files=places.BROKER_FILES,
        hub_etc=places.HUB_ETC,
        hub_user=places.HUB_USER,
        broker_user=places.BROKER_USER,
        units_of_hub=" ".join(units),
        enabled=" ".join(name for name in units if name not in {places.FILES_SERVICE, places.BACKUP_SERVICE}),
        watchdog=profile.watchdogs[0],
        watchdog_etc=places.WATCHDOG_ETC,
    )
