#!/bin/bash
# split_card.sh DISK: a card with boot (1) and root (2), as an image leaves it, gets a third partition at its end, and the
# root grows up to it. Done once it changes nothing. The partition table alone is changed, in one write; nothing is formatted.
set -Eeuo pipefail

disk=$1
align=8192 # sectors: 4 MiB, as cards erase
data_max=$((8 * 1024 * 1024 * 2))
data_min=$((512 * 1024 * 2))

die() {
    echo "$*" >&2
    exit 1
}

table=$(LC_ALL=C sfdisk --dump "$disk") || die "$disk has no partition table that can be read"
grep -q '^label: dos$' <<<"$table" || die "$disk has another kind of partition table than Raspberry Pi OS makes"
numbers=$(sed -n 's/^.*[^0-9]\([0-9]\{1,2\}\) : start=.*/\1/p' <<<"$table" | tr '\n' ' ')
case $numbers in
    '1 2 ') ;;
    '1 2 3 ') exit 0 ;;
    *) die "$disk has the partitions $numbers: only a card with boot and root is split" ;;
esac

root=$(grep -E '[^0-9]2 : start=' <<<"$table")
start=$(sed -n 's/.*start= *\([0-9]*\),.*/\1/p' <<<"$root")
size=$(sed -n 's/.*size= *\([0-9]*\),.*/\1/p' <<<"$root")
if [ -b "$disk" ]; then total=$(blockdev --getsz "$disk"); else total=$(($(stat -c %s "$disk") / 512)); fi
free=$((total - start - size))
data=$((free / 2 < data_max ? free / 2 : data_max))
if [ "$data" -lt "$data_min" ]; then
    die "behind the root there are $((free / 2048)) MiB, too few for data. A root that took the whole card cannot be split: put Raspberry Pi OS on it anew, then write it before it starts for the first time"
fi
data_start=$(((total - data) / align * align))
# shellcheck disable=SC2001 # a pattern
changed=$(sed "s/^\(.*[^0-9]2 : start= *$start, size=\) *$size,/\1 $((data_start - start)),/" <<<"$table")
# shellcheck disable=SC2001
third=$(sed "s/\([^0-9]\)2 : .*/\13/" <<<"$root")
printf '%s\n%s : start= %s, size= %s, type=83\n' "$changed" "$third" "$data_start" "$((total - data_start))" |
    LC_ALL=C sfdisk --quiet --no-reread --no-tell-kernel --force --wipe never --wipe-partitions never "$disk"
