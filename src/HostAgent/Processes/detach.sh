#!/bin/sh
# Becomes a program that outlives who started it: in a session of its own, and indifferent to whether anybody still reads what it says
# (signal(7), SIGPIPE). It records itself before it does anything: whoever killed the agent in between finds it.
#
#   detach.sh FILE PROGRAM ARGUMENT...
#
#   FILE  where its process and that one's start are written (proc_pid_stat(5), field 22); empty for nowhere
record() {
    file=$1
    read -r stat <"/proc/$$/stat" || return
    # The name, in parentheses, may hold spaces; the start is the 20th field after it.
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    umask 077
    echo "$$ ${20}" >"$file.new" && mv "$file.new" "$file"
}
file=$1
shift
if [ -n "$file" ]; then (record "$file") || exit 125; fi
trap '' PIPE
exec setsid "$@"
