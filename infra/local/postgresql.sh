# shellcheck shell=bash disable=SC2034,SC2153 # variables are shared with the scripts beside this one
# The private PostgreSQL: its own data folder and port, reachable over 127.0.0.1 only.

postgresql_folder() { POSTGRES_DATA="$DATA_FOLDER/postgresql"; }

# Sets POSTGRES_PID if our server runs: the process named in the data folder must be a server of this very folder.
postgresql_is_running() {
    local pid=''
    postgresql_folder
    POSTGRES_PID=
    { read -r pid <"$POSTGRES_DATA/postmaster.pid"; } 2>/dev/null || return 1
    process_matches "$pid" "$POSTGRES_DATA" && POSTGRES_PID=$pid
}

# Made beside its final place and moved when complete, so that an interrupted set-up is simply made anew.
postgresql_create() {
    local new="$DATA_FOLDER/postgresql.new" result
    postgresql_folder
    [[ -e $POSTGRES_DATA/justrunit.complete ]] && return 0
    rm -rf "$new" "$POSTGRES_DATA"
    as_server "$PG_BIN/initdb" -D "$new" --username=postgres --auth=reject --encoding=UTF8 --locale=C \
        --no-instructions || return 1
    # The role of the program owns its databases and may create more, nothing else. The superuser has no way in
    # over the network: whoever may use this machine must not get at the files of the servers' user.
    as_server tee "$new/pg_hba.conf" >/dev/null <<<"host all justrunit 127.0.0.1/32 trust" || return 1
    as_server tee -a "$new/postgresql.conf" >/dev/null <<<"include 'justrunit.conf'" || return 1
    as_server touch "$new/justrunit.conf" || return 1
    # Single-user mode takes one statement a line, and says only in its output that one failed.
    result=$(printf '%s\n' 'CREATE ROLE justrunit LOGIN CREATEDB' 'GRANT pg_monitor TO justrunit' \
        'CREATE DATABASE justrunit OWNER justrunit' |
        as_server "$PG_BIN/postgres" --single -D "$new" postgres 2>&1) || { printf '%s\n' "$result"; return 1; }
    if [[ $result =~ (ERROR|FATAL|PANIC): ]]; then
        printf '%s\n' "$result"
        return 1
    fi
    as_server touch "$new/justrunit.complete" || return 1
    as_server mv "$new" "$POSTGRES_DATA"
}

# Written at every start, since the port may have been chosen anew. No Unix socket: a path below a deep folder
# would exceed its length limit, and nothing needs one. fsync stays on: measured times must be honest.
postgresql_configure() {
    as_server tee "$POSTGRES_DATA/justrunit.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
port = $POSTGRES_PORT
unix_socket_directories = ''
max_connections = 300
shared_buffers = 128MB
fsync = on
jit = off
log_line_prefix = '%m [%p] %d '
CONF
}

postgresql_start() {
    local log="$DATA_FOLDER/postgresql.log"
    postgresql_configure || return 1
    if [[ -s $log ]]; then as_server mv -f "$log" "$log.1"; fi
    # pg_ctl recovers by itself from a postmaster.pid that a crash left behind, except when its process id
    # has since been given to another program: that file is removed here, as it is known not to be ours.
    as_server rm -f "$POSTGRES_DATA/postmaster.pid"
    if ! as_server "$PG_BIN/pg_ctl" start -D "$POSTGRES_DATA" -w -t 120 -s -l "$log"; then
        tail -n 20 "$log"
        return 1
    fi
}

postgresql_stop() {
    postgresql_is_running || return 0
    find_postgresql || true
    if [[ $PG_BIN ]] && as_server "$PG_BIN/pg_ctl" stop -D "$POSTGRES_DATA" -m fast -w -t 30 -s; then
        return 0
    fi
    kill -QUIT "$POSTGRES_PID" 2>/dev/null
    wait_until 10 process_gone "$POSTGRES_PID" || kill -KILL "$POSTGRES_PID" 2>/dev/null
    return 0
}
