#!/bin/bash
# The inside of a container's start: the root, the kernel's file systems with what changes the host made read-only, devices; then, in
# the control groups, whose caps would draw all this out, the program, which inherits no file of the host's, because a file from
# outside cannot be checkpointed.
#
# set-up-root.sh PROGRAM ARGUMENT..., with
#   JUSTRUNIT_ROOT          the mounted root
#   JUSTRUNIT_NAME          host name inside
#   JUSTRUNIT_FOLDER        folder, seen from inside, that the program starts in
#   JUSTRUNIT_OUTPUT        file, seen from inside, that its output is appended to
#   JUSTRUNIT_UMASK         mask of what is made in there (umask(1))
#   JUSTRUNIT_CAPABILITIES  what it may have of root's powers (setpriv(1))
#   JUSTRUNIT_VARIABLES     commands that set the program's own environment
#   JUSTRUNIT_ENTRIES       numbers of the open files of the control groups
set -e
umask "$JUSTRUNIT_UMASK"
cd "$JUSTRUNIT_ROOT"
mkdir -p proc sys dev tmp .outside
while read -r name major minor; do
    rm -f "dev/$name"
    mknod -m 666 "dev/$name" c "$major" "$minor"
done <<'DEVICES'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
DEVICES
rm -rf dev/shm
mkdir -m 1777 dev/shm
ln -sfn /proc/self/fd dev/fd
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
for file in sys sysrq-trigger irq bus; do
    [ -e "proc/$file" ] || continue
    mount --bind "proc/$file" "proc/$file"
    mount -o remount,bind,ro "proc/$file"
done
pivot_root . .outside
umount --lazy /.outside
rmdir /.outside
hostname "$JUSTRUNIT_NAME"
cd "$JUSTRUNIT_FOLDER"
log=$JUSTRUNIT_OUTPUT capabilities=$JUSTRUNIT_CAPABILITIES variables=$JUSTRUNIT_VARIABLES mask=$JUSTRUNIT_UMASK
for n in $JUSTRUNIT_ENTRIES; do eval "echo 0 >&$n"; done
unset "${!JUSTRUNIT_@}"
for file in /proc/self/fd/*; do
    n=${file##*/}
    [ "$n" -le 2 ] || eval "exec $n>&-"
done
# From here on nothing is named by a variable: the program's own may have any name.
set -- setpriv --bounding-set "$capabilities" --inh-caps=-all setsid "$@"
umask 077
exec </dev/null >>"$log" 2>&1
umask "$mask"
eval "$variables"
exec "$@"
