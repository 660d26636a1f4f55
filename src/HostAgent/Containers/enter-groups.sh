#!/bin/sh
# Enters control groups, sets the host name of its namespace, and becomes a program.
#
# enter-groups.sh FILES HOSTNAME PROGRAM ARGUMENT...
#   FILES  files of the control groups to enter, with spaces between them
for file in $1; do echo $$ >"$file" || exit 125; done
hostname "$2" || exit 125
shift 2
exec "$@"
