#!/bin/sh
# CRIU's action script (criu(8), --action-script) for a container that moves: takes the snapshot of its disk at the instant of its
# memory, and keeps it frozen until it is decided whether it was given, or for a minute.
#
#   CRTOOLS_SCRIPT_ACTION  what CRIU has come to
#   JUSTRUNIT_DISK         btrfs subvolume
#   JUSTRUNIT_SNAPSHOT     what its snapshot is to be called
#   JUSTRUNIT_FROZEN       file that is made once memory and disk are written down
#   JUSTRUNIT_RECORD       path of the record of whose it is, without its state
#   JUSTRUNIT_OFFERED      state in which the record is while nothing is decided
#   JUSTRUNIT_GIVEN        states, with spaces between them, in which the record is once it was given
#   JUSTRUNIT_PROCESS      the container's first process
[ "$CRTOOLS_SCRIPT_ACTION" = post-dump ] || exit 0
btrfs subvolume snapshot -r "$JUSTRUNIT_DISK" "$JUSTRUNIT_SNAPSHOT" >&2 || exit 1
: >"$JUSTRUNIT_FROZEN"
n=0
# 10 ms each.
while [ -e "$JUSTRUNIT_RECORD$JUSTRUNIT_OFFERED" ]; do
    sleep 0.01
    n=$((n + 1))
    [ $n -lt 6000 ] || rm -f "$JUSTRUNIT_RECORD$JUSTRUNIT_OFFERED"
done
# Given: it ends while its connections are CRIU's, which closes them without a word, and so must CRIU.
for state in $JUSTRUNIT_GIVEN; do
    [ -e "$JUSTRUNIT_RECORD$state" ] && kill -9 "$JUSTRUNIT_PROCESS" $PPID
done
exit 1
