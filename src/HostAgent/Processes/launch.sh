#!/bin/sh
# Enters control groups and becomes a program: it is in them before its first instruction.
#
# launch.sh PROGRAM ARGUMENT..., with
#   JUSTRUNIT_GROUPS  files of the control groups to enter, with spaces between them
#   JUSTRUNIT_LOG     file that its output is appended to
for group in $JUSTRUNIT_GROUPS; do echo $$ >"$group" || exit 125; done
exec >>"$JUSTRUNIT_LOG" 2>&1 </dev/null
unset JUSTRUNIT_GROUPS JUSTRUNIT_LOG
exec "$@"
