#!/bin/bash
# The outside of a container's start: opens the control groups, which cannot be seen from inside, and enters the namespaces, where
# set-up-root.sh goes on.
#
# enter-namespaces.sh PROGRAM ARGUMENT..., with
#   JUSTRUNIT_GROUPS   files of the control groups to enter, with spaces between them
#   JUSTRUNIT_LOG      file that is told why it cannot be started
#   JUSTRUNIT_NETWORK  network namespace
#   JUSTRUNIT_INSIDE   text of set-up-root.sh, and what that needs
entries=
n=10
# shellcheck disable=SC2034 # eval uses it
for group in $JUSTRUNIT_GROUPS; do
    eval "exec $n>\"\$group\"" || exit 125
    entries="$entries $n"
    n=$((n + 1))
done
export JUSTRUNIT_ENTRIES=$entries
umask 077
exec >>"$JUSTRUNIT_LOG" 2>&1 </dev/null
inside=$JUSTRUNIT_INSIDE
unset JUSTRUNIT_GROUPS JUSTRUNIT_LOG JUSTRUNIT_INSIDE
exec nsenter --net="$JUSTRUNIT_NETWORK" \
    unshare --pid --fork --mount --uts --ipc --propagation private bash -c "$inside" bash "$@"
