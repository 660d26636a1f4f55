# shellcheck shell=bash disable=SC2034,SC2153 # variables are shared with the scripts beside this one
# The private PostgreSQL: its own data folder and port, reachable over 127.0.0.1 only, and by password only.

# Those who append, each service for itself; who owns the tables is justrunit, who only reads them auditor.
POSTGRES_APPENDERS=(monitor experimenter interpolator checker placement)

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
    as_server tee -a "$new/postgresql.conf" >/dev/null <<<"include 'justrunit.conf'" || return 1
    as_server touch "$new/justrunit.conf" || return 1
    postgresql_execute "$new" 'CREATE ROLE justrunit LOGIN CREATEDB' 'GRANT pg_monitor TO justrunit' \
        'CREATE DATABASE justrunit OWNER justrunit' || return 1
    as_server touch "$new/justrunit.complete" || return 1
    as_server mv "$new" "$POSTGRES_DATA"
}

# postgresql_execute FOLDER STATEMENT...: as superuser, while no server runs. Single-user mode takes one statement a line, and says
# only in its output that one failed.
postgresql_execute() {
    local folder=$1 result
    shift
    result=$(printf '%s\n' "$@" |
        as_server "$PG_BIN/postgres" --single -c password_encryption=scram-sha-256 -c log_min_error_statement=panic \
            -D "$folder" postgres 2>&1) || { printf '%s\n' "$result"; return 1; }
    if [[ $result =~ (ERROR|FATAL|PANIC): ]]; then
        printf '%s\n' "$result"
        return 1
    fi
}

# True once all roles have their passwords, and nobody gets in without one.
postgresql_has_roles() {
    postgresql_folder
    [[ -e $POSTGRES_DATA/justrunit.roles && -s $CREDENTIALS/postgresql/justrunit ]]
}

# Roles and passwords, also of a folder from the time when there were none. The superuser has no way in over the network, nor has
# anybody without a password: whoever may use this machine must not get at what is not theirs.
postgresql_create_roles() {
    local role password
    local -a statements=()
    postgresql_has_roles && return 0
    password_of postgresql justrunit password
    statements+=("ALTER ROLE justrunit PASSWORD '$password'")
    for role in justrunit_append justrunit_read; do
        statements+=("DO \$\$ BEGIN CREATE ROLE $role NOLOGIN; EXCEPTION WHEN duplicate_object THEN END \$\$")
    done
    # The relay looks at how long transactions of other roles have been open.
    statements+=('GRANT pg_read_all_stats TO justrunit_append')
    for role in "${POSTGRES_APPENDERS[@]}" auditor; do
        password_of postgresql "$role" password
        statements+=("DO \$\$ BEGIN CREATE ROLE justrunit_$role LOGIN; EXCEPTION WHEN duplicate_object THEN END \$\$"
            "ALTER ROLE justrunit_$role PASSWORD '$password'")
        if [[ $role == auditor ]]; then
            statements+=("GRANT justrunit_read TO justrunit_$role")
        else
            statements+=("GRANT justrunit_append TO justrunit_$role")
        fi
    done
    # Nothing of ours makes temporary tables, and whoever may not cannot put one in the place of a catalogue's.
    statements+=('REVOKE TEMPORARY ON DATABASE justrunit FROM PUBLIC')
    postgresql_execute "$POSTGRES_DATA" "${statements[@]}" || return 1
    as_server tee "$POSTGRES_DATA/pg_hba.conf" >/dev/null <<'HBA' || return 1
local all all scram-sha-256
host all postgres 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
HBA
    as_server touch "$POSTGRES_DATA/justrunit.roles"
}

# Written at every start, since the port may have been chosen anew. No Unix socket: a path below a deep folder
# would exceed its length limit, and nothing needs one. fsync stays on: measured times must be honest.
postgresql_configure() {
    as_server tee "$POSTGRES_DATA/justrunit.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
port = $POSTGRES_PORT
unix_socket_directories = ''
max_connections = 300
max_prepared_transactions = 10
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
