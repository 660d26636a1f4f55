#!/bin/sh
# Copies a btrfs snapshot: whole, or what it has more than the one before.
#
# receive-snapshot.sh SNAPSHOT TO [BEFORE]
btrfs send -q ${3:+-p "$3"} "$1" | btrfs receive -q "$2"
