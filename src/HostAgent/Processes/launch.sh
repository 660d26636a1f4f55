#!/bin/sh
# Enters control groups and becomes a program: it is in them before its first instruction.
#
# launch.sh PROGRAM ARGUMENT..., with
#   JUSTRUNIT_GROUPS  files of the control groups to enter, with spaces between them
#   JUSTRUNIT_LOG     file that its output is appended to, which is the agent's alone
#   JUSTRUNIT_INPUT   text that it can read from its file 3, which is in no list of processes; none where it is empty
#   JUSTRUNIT_UMASK   mask of what the program makes (umask(1))
for group in $JUSTRUNIT_GROUPS; do echo $$ >"$group" || exit 125; done
umask 077
exec >>"$JUSTRUNIT_LOG" 2>&1 </dev/null
umask "$JUSTRUNIT_UMASK"
if [ -n "$JUSTRUNIT_INPUT" ]; then
    exec 3<<END
$JUSTRUNIT_INPUT
END
fi
unset JUSTRUNIT_INPUT JUSTRUNIT_GROUPS JUSTRUNIT_LOG JUSTRUNIT_UMASK
exec "$@"
