#!/bin/bash
# The first boot of an image without cloud-init, named on the kernel's command line (systemd.run=) as Raspberry Pi Imager
# does it: before the network, once. Then the Pi starts again as usual, and shouwang-setup.service does the rest.
# It ends with 0 whatever happened, so that the Pi never starts in circles; what happened stands in shouwang/install.log.
set -u

boot=${SHOUWANG_BOOT:-/boot/firmware}
card=$boot/shouwang
sys=${SHOUWANG_ROOT:-}
log=$card/install.log

# Of settings.sh:
host_name='' time_zone='' wifi_country='' connection='' admin='' ssh_keys=''

say() { printf '%s firstrun: %s\n' "$(date '+%F %T')" "$*" >>"$log"; }

# First of all, so that no mistake below is made twice.
leave_command_line() {
    rm -f "$boot/firstrun.sh"
    sed -i 's| systemd\.[^ ]*||g' "$boot/cmdline.txt"
    sync
}

set_name() {
    local old
    old=$(tr -d ' \t\r\n' <"$sys/etc/hostname" 2>/dev/null)
    printf '%s\n' "$host_name" >"$sys/etc/hostname"
    if [ -n "$old" ] && grep -q "^127\.0\.1\.1" "$sys/etc/hosts" 2>/dev/null; then
        sed -i "s/^127\.0\.1\.1.*/127.0.1.1\t$host_name/" "$sys/etc/hosts"
    else
        printf '127.0.1.1\t%s\n' "$host_name" >>"$sys/etc/hosts"
    fi
}

set_time_zone() {
    if [ ! -e "/usr/share/zoneinfo/$time_zone" ]; then
        say "there is no time zone $time_zone"
        return
    fi
    ln -sfn "/usr/share/zoneinfo/$time_zone" "$sys/etc/localtime"
    printf '%s\n' "$time_zone" >"$sys/etc/timezone"
}

set_network() {
    if [ -n "$wifi_country" ] && [ -z "$sys" ]; then
        raspi-config nonint do_wifi_country "$wifi_country" || say "the country of the Wi-Fi cannot be set"
    fi
    if [ -n "$connection" ]; then
        install -D -m 0600 "$card/root/$connection" "$sys/$connection" || say "the Wi-Fi cannot be set"
    fi
}

# Logs in with a key alone. The image's first user is renamed, as its own wizard would.
set_admin() {
    if [ -n "$sys" ] || [ -z "$admin" ]; then return; fi
    if [ -x /usr/lib/userconf-pi/userconf ] && ! id "$admin" >/dev/null 2>&1; then
        /usr/lib/userconf-pi/userconf "$admin" '*' || say "the first user cannot be renamed"
    fi
    id "$admin" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$admin"
    usermod --append --groups adm,sudo,video "$admin"
    usermod --lock --shell /bin/bash "$admin"
    printf '%s ALL=(ALL) NOPASSWD:ALL\n' "$admin" >/etc/sudoers.d/020_shouwang
    chmod 0440 /etc/sudoers.d/020_shouwang
    local home
    home=$(getent passwd "$admin" | cut -d: -f6)
    install -d -o "$admin" -g "$admin" -m 0700 "$home/.ssh"
    printf '%s\n' "$ssh_keys" >"$home/.ssh/authorized_keys"
    chown "$admin:" "$home/.ssh/authorized_keys"
    chmod 0600 "$home/.ssh/authorized_keys"
}

leave_command_line
say "begins"
if (cd "$card" && sha256sum --quiet --check SHA256SUMS >>"$log" 2>&1); then
    # shellcheck source=/dev/null
    . "$card/settings.sh"
    set_name
    set_time_zone
    set_network
    set_admin
    if [ -d "$card/root/etc/ssh/sshd_config.d" ]; then
        install -D -m 0644 -t "$sys/etc/ssh/sshd_config.d" "$card/root/etc/ssh/sshd_config.d"/*.conf
    fi
    SHOUWANG_ROOT=$sys /bin/bash "$card/install.sh" begin later || say "shouwang-setup.service cannot be put in place"
    say "ends"
else
    say "FAILED: the card is damaged: write it anew with \`provision device write\`"
fi
sync
exit 0
