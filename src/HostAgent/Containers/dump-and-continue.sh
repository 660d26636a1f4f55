#!/bin/bash
# Dumps a container that runs on. On a busy machine CRIU would wait for its turn many times while the original stands still, so it
# goes before everything that is not of real time (sched(7)), where that is allowed. Namespaces that it shares with the processes are
# no part of the images; for each of the others it would start a process of its own meanwhile. The network and the host name are made
# anew before anything is restored, and so is the one for System V's memory, semaphores and messages where there are none. Its first
# image says that everything stands still: the snapshot of the disk is taken beside it. Its statistics say that it has left the
# processes stopped; they are continued here, because its own hooks would be started four times, at several milliseconds each.
#
# dump-and-continue.sh PROCESSES IMAGES DISK SNAPSHOT CRIU...
#   PROCESSES  file with a line for each of the container's processes
#   IMAGES     folder for the images
#   DISK       btrfs subvolume of which SNAPSHOT is taken at the instant
chrt --rr 1 true 2>/dev/null && chrt --rr --pid 1 $$
processes=$1 images=$2 disk=$3 snapshot=$4
shift 4

# empty: whether there is nothing of System V's here.
empty() {
    local lines=() kind
    for kind in shm sem msg; do mapfile -t -O ${#lines[@]} lines </proc/sysvipc/$kind; done
    [ ${#lines[@]} = 3 ]
}

beside=(unshare --ipc)
if empty; then beside=(); fi
exec {never}<> <(:)
"${beside[@]}" "$@" &
until [ -e "$images/files.img" ] || ! kill -0 $! 2>/dev/null; do read -rt 0.001 -u "$never"; done
btrfs subvolume snapshot "$disk" "$snapshot" >&2
taken=$?
if [ ${#beside[@]} = 0 ] && ! empty; then
    echo "Error (dump): System V's memory, semaphores or messages were made at the instant of the dump" >&2
    taken=1
fi
while
    from=${EPOCHREALTIME//[^0-9]/}
    ! [ -e "$images/stats-dump" ] && kill -0 $! 2>/dev/null
do
    read -rt 0.001 -u "$never"
done
while read -r process; do kill -CONT "$process"; done <"$processes"
echo "Frozen after it: $((${EPOCHREALTIME//[^0-9]/} - from))"
wait $!
code=$?
[ $code != 0 ] || code=$taken
exit $code
