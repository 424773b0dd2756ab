#!/bin/bash
# Puts in place what this card brings. As root on the Pi; shouwang-setup.service runs it at every boot:
#     bash install.sh          once for each card that is written; afterwards it ends at once
#     bash install.sh begin    only hands the work to shouwang-setup.service, which tries again until it is done
# What happened stands in install.log beside this file. SHOUWANG_ROOT=DIR installs below DIR for a trial: no users, no
# units started, no packages of the system.
set -Eeuo pipefail

card=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sys=${SHOUWANG_ROOT:-}
state=$sys/var/lib/shouwang
etc=$sys/etc/shouwang
program=$sys/opt/shouwang
marker=$program/card.sha256
log=$card/install.log
log_bytes_max=262144

# Of settings.sh:
device='' admin='' camera='' relay='' data='' read_only_root=no requirement=''

say() { printf '%s %s\n' "$(date '+%F %T')" "$*"; }

die() {
    say "FAILED: $*"
    exit 1
}

trial() { [ -n "$sys" ]; }

begin_log() {
    if [ -e "$log" ] && [ "$(stat -c %s "$log")" -gt "$log_bytes_max" ]; then rm -f "$log"; fi
    if ! touch "$log" 2>/dev/null; then log=/run/shouwang-install.log; fi
    exec > >(tee -a "$log") 2>&1
    trap 'say "FAILED: at line $LINENO of install.sh"; sync' ERR
}

check_card() {
    (cd "$card" && sha256sum --quiet --check SHA256SUMS) ||
        die "the card is damaged: write it anew with \`provision device write\`"
}

done_before() { cmp -s "$card/SHA256SUMS" "$marker" && [ -x "$program/bin/edge-agent" ]; }

# Below an overlay whatever is installed is forgotten: without it once, then with it again.
leave_overlay() {
    trial && return
    [ "$(findmnt --noheadings --output FSTYPE /)" = overlay ] || return 0
    say "the card is new and the root is read-only: starting again without the overlay, to install"
    raspi-config nonint do_overlayfs 1 || die "the overlay cannot be switched off: raspi-config failed"
    sync
    systemctl reboot
    exit 0
}

put_system_files() {
    local file mode
    while IFS= read -r -d '' file; do
        case $file in
            */system-connections/*) mode=0600 ;;
            *) mode=0644 ;;
        esac
        install -D -m "$mode" "$card/root/$file" "$sys/$file"
    done < <(cd "$card/root" && find . -type f -print0)
    trial || systemctl daemon-reload
}

make_user() {
    trial && return
    systemd-sysusers /etc/sysusers.d/shouwang.conf
}

# The rest of the card behind its root becomes data; DISK is where the root lies.
split_card() {
    local root_device disk
    root_device=$(findmnt --noheadings --output SOURCE /)
    disk=/dev/$(lsblk --noheadings --output PKNAME "$root_device")
    bash "$card/split_card.sh" "$disk" || die "the card cannot be split"
    partx --update "$disk"
    udevadm settle
    resize2fs "$root_device" || die "the root cannot grow"
    device=$(lsblk --noheadings --paths --list --output NAME "$disk" | grep -E '[^0-9]3$')
}

# A partition is formatted only when nothing at all is on it.
prepare_data() {
    if trial || [ -z "$data" ]; then return 0; fi
    local device=$data kind mounted
    if [ "$data" = card ]; then split_card; fi
    case $data in *=*) device=$(findfs "$data") || device= ;; esac
    [ -b "$device" ] || die "the data partition $data is not there: make it, or take \`data\` out of the device's settings"
    mounted=$(findmnt --noheadings --output TARGET --source "$device" || true)
    case $mounted in '' | "$state") ;; *) die "$data is in use at $mounted: name a partition of its own" ;; esac
    kind=$(blkid --probe --match-tag TYPE --output value "$device" || true)
    if [ -z "$kind" ] && [ -z "$(wipefs --noheadings "$device")" ]; then
        say "formatting $device, on which there is nothing"
        mkfs.ext4 -q -L shouwang-data "$device"
    elif [ "$kind" != ext4 ]; then
        die "$data holds ${kind:-something}, no ext4: nothing was formatted. Empty it with wipefs, if nobody needs it"
    fi
    systemctl enable --now var-lib-shouwang.mount
    install -d -m 0755 "$state/etc"
    systemctl enable --now etc-shouwang.mount
}

# FILE...: given to the agent's user.
give() { trial || chown shouwang:shouwang "$@"; }

put_configuration() {
    install -d -m 0755 "$etc"
    install -d -m 0700 "$state"
    give "$state"
    install -m 0644 "$card/ca.pem" "$state/ca.pem"
    give "$state/ca.pem"
    install -m 0640 "$card/agent.toml" "$etc/agent.toml"
    trial || chgrp shouwang "$etc/agent.toml"
    local file
    if [ -d "$card/keys" ]; then
        for file in "$card"/keys/*; do
            install -m 0600 "$file" "$state/${file##*/}"
            give "$state/${file##*/}"
        done
        sync
        rm -rf "$card/keys" # they are the device's own now
    fi
}

apt_install() {
    apt-get update -q && apt-get install -q -y --no-install-recommends "$@"
}

# MODULE PACKAGE: what comes from the system and not from pip, since it belongs to the system's own libraries.
need() {
    if python3 -c "import $1" 2>/dev/null || trial; then return 0; fi
    say "$2 is missing: fetching it"
    apt_install "$2" || die "$2 is missing, and cannot be fetched: connect the Pi to the internet once, or use the full image"
}

need_hardware() {
    if [ "$camera" = picamera2 ]; then need picamera2 python3-picamera2; fi
    if [ -n "$relay" ]; then
        need gpiozero python3-gpiozero
        need lgpio python3-lgpio
    fi
}

need_pip() {
    "$1" -m pip --version >/dev/null 2>&1 && return
    "$1" -m ensurepip >/dev/null 2>&1 && return
    ! trial && apt_install python3-venv && "$1" -m ensurepip
}

# The system's own Python packages are seen: picamera2 comes from there.
install_program() {
    local python=$program/bin/python pip own extra=
    case $requirement in *\[*\]*) extra="[${requirement#*\[}" extra="${extra%%\]*}]" ;; esac
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "this system's Python is older than 3.11"
    [ -x "$python" ] || python3 -m venv --system-site-packages --without-pip "$program"
    own=$(find "$card/wheels" -name 'shouwang-*.whl' 2>/dev/null | head -n 1)
    [ -n "$own" ] || die "the agent's own package is missing on this card: write it anew"
    pip=$(find "$card/wheels" -name 'pip-*.whl' | head -n 1)
    if [ -n "$pip" ]; then
        say "installing from the card"
        pip=("$python" "$pip/pip" install --quiet --no-index --find-links "$card/wheels")
        "${pip[@]}" --upgrade "$requirement" ||
            die "the wheels of this card do not fit this system ($(python3 --version)): write it anew for this image"
    else
        say "installing, with what others have made from the internet"
        need_pip "$python" || die "pip is missing, and cannot be fetched: write the card \`--with-wheels\`"
        pip=("$python" -m pip install --quiet)
        "${pip[@]}" --upgrade "$own$extra" ||
            die "the packages cannot be fetched from the internet: write the card \`--with-wheels\`"
    fi
    # Another build of the same version is another program: pip would leave the old one where it is.
    "${pip[@]}" --no-deps --force-reinstall "$own" || die "the agent of this card cannot be installed"
}

make_read_only() {
    if trial || [ "$read_only_root" != yes ]; then return 0; fi
    say "the root becomes read-only at the next start"
    raspi-config nonint do_overlayfs 0 ||
        die "the root cannot be made read-only: overlayroot is missing, and cannot be fetched"
}

finish() {
    install -d "$sys/usr/local/bin"
    ln -sfn /opt/shouwang/bin/edge-agent "$sys/usr/local/bin/edge-agent" # for people
    trial || systemctl enable shouwang-join.service shouwang-agent.service
    sync
    install -m 0644 "$card/SHA256SUMS" "$marker"
    sync
    say "DONE: $device is installed"
    trial && return
    if [ "$read_only_root" = yes ]; then systemctl reboot; else systemctl --no-block restart shouwang-join.service shouwang-agent.service; fi
}

begin() {
    install -D -m 0644 "$card/root/etc/systemd/system/shouwang-setup.service" \
        "$sys/etc/systemd/system/shouwang-setup.service"
    trial && return
    systemctl daemon-reload || true # before systemd runs the system, as in firstrun.sh, there is nothing to reload
    systemctl enable shouwang-setup.service
    systemctl disable --now userconfig.service 2>/dev/null || true # it would ask for a user at the console
    if [ -n "$admin" ]; then systemctl enable ssh.service || true; fi
    if [ "${1:-}" = now ]; then systemctl start --no-block shouwang-setup.service; fi
}

main() {
    if [ "${1:-}" != begin ] && done_before; then exit 0; fi
    begin_log
    check_card
    # shellcheck source=/dev/null
    . "$card/settings.sh"
    if [ "${1:-}" = begin ]; then
        begin "${2:-now}"
        return
    fi
    say "installing $device"
    leave_overlay
    put_system_files
    make_user
    prepare_data
    put_configuration
    need_hardware
    install_program
    make_read_only
    finish
}

main "$@"
