# shellcheck shell=bash disable=SC2034,SC2153 # variables are shared with the scripts beside this one
# The private servers of this working copy: remembered in .justrunit/env, started when needed, stopped together.

REMEMBERED=(REPOSITORY DATA_FOLDER SERVER_USER NODE NODE_HASH POSTGRES_PORT AMQP_PORT DIST_PORT EPMD_PORT)

forget_environment() {
    local name
    for name in "${REMEMBERED[@]}"; do printf -v "$name" ''; done
}

read_environment() {
    forget_environment
    if [[ -r $ENV_FILE ]]; then
        # shellcheck source=/dev/null
        . "$ENV_FILE"
    fi
    # A working copy that was moved or copied brings the file of another place: its ports and data are not ours.
    if [[ $REPOSITORY != "$ROOT" ]]; then
        forget_environment
        return 1
    fi
}

write_environment() {
    local name
    REPOSITORY=$ROOT
    for name in "${REMEMBERED[@]}"; do
        printf '%s=%q\n' "$name" "${!name}"
    done >"$ENV_FILE.new" && mv -f "$ENV_FILE.new" "$ENV_FILE"
}

# Given addresses are used as they are; what is not given is ours to start.
needs_postgresql() { [[ -z $GIVEN_POSTGRES ]]; }
needs_rabbitmq() { [[ -z $GIVEN_RABBITMQ ]]; }
needed_servers() {
    if needs_postgresql; then echo postgresql; fi
    if needs_rabbitmq; then echo rabbitmq; fi
}
GIVEN_POSTGRES=${JUSTRUNIT_POSTGRES:-}
GIVEN_RABBITMQ=${JUSTRUNIT_RABBITMQ:-}

# One without our passwords is of an older version of this script, and not ready.
postgresql_is_ready() { postgresql_answers && postgresql_has_roles; }
rabbitmq_is_ready() { rabbitmq_answers && rabbitmq_has_users; }
postgresql_answers() { [[ $DATA_FOLDER ]] && postgresql_is_running && port_answers "$POSTGRES_PORT"; }
rabbitmq_answers() { [[ $DATA_FOLDER ]] && rabbitmq_is_running && port_answers "$AMQP_PORT"; }

# Sets DOWN: the servers that are ours to start and are not ready.
find_down() {
    local key
    DOWN=()
    for key in $(needed_servers); do
        "${key}_is_ready" || DOWN+=("$key")
    done
}

servers_are_ready() {
    find_down
    ((${#DOWN[@]} == 0))
}

# ensure_servers: quick if they run; otherwise under a lock, since two commands may be started at once.
ensure_servers() {
    needs_postgresql || needs_rabbitmq || return 0
    prepare_local_folder
    if read_environment && servers_are_ready; then
        export_addresses
        return 0
    fi
    exec 9>"$LOCAL_FOLDER/lock"
    flock 9
    # Whoever held the lock may have started them meanwhile.
    if ! { read_environment && servers_are_ready; }; then
        start_servers
    fi
    exec 9>&-
    export_addresses
}

prepare_local_folder() {
    { mkdir -p "$LOCAL_FOLDER" && [[ -w $LOCAL_FOLDER ]]; } 2>/dev/null ||
        fail "cannot write to $LOCAL_FOLDER; run as its owner" \
            "($(stat -c %U "$LOCAL_FOLDER" 2>/dev/null || echo unknown)) or use a clone of your own"
    # The servers' user passes through it to its data; nobody else has to see what is in it.
    [[ ! -O $LOCAL_FOLDER ]] || chmod 711 "$LOCAL_FOLDER"
}

# start_servers: those that are not ready, and only those. Whichever is ready serves somebody: it, its user and its data are left
# as they are.
start_servers() {
    local remembered_data=$DATA_FOLDER key
    find_down
    ensure_packages "${DOWN[@]}"
    choose_server_user
    choose_data_folder
    if [[ $remembered_data && $remembered_data != "$DATA_FOLDER" ]]; then
        warn "the data in $remembered_data can no longer be reached; starting afresh in $DATA_FOLDER"
    fi
    make_data_folder
    NODE=${NODE:-justrunit-$NODE_HASH@localhost}
    for key in "${DOWN[@]}"; do
        case $key in
            postgresql)
                find_postgresql || true
                check_data_version
                ensure_started postgresql PostgreSQL start_postgresql_once
                ;;
            rabbitmq)
                find_rabbitmq || true
                ensure_started rabbitmq RabbitMQ start_rabbitmq_once
                ;;
        esac
    done
    write_environment
}

# A data folder of a major version that is no longer installed cannot be opened by another one.
check_data_version() {
    local version=''
    [[ -r $DATA_FOLDER/postgresql/PG_VERSION ]] || return 0
    read -r version <"$DATA_FOLDER/postgresql/PG_VERSION"
    [[ $("$PG_BIN/pg_ctl" --version) =~ \ $version(\.|$) ]] ||
        fail "the private data were made by PostgreSQL $version, which is no longer installed;" \
            "'./justrunit down --purge' makes room for new ones"
}

make_data_folder() {
    mkdir -p "$DATA_FOLDER" || fail "cannot create $DATA_FOLDER"
    [[ -z $SERVER_USER ]] || chown "$SERVER_USER:" "$DATA_FOLDER" || fail "cannot give $DATA_FOLDER to $SERVER_USER"
    chmod 700 "$DATA_FOLDER"
}

# ensure_started KEY NAME FUNCTION: three tries with new ports, as somebody may take a port between choice and start. One that runs
# but does not answer may be starting still, or recovering: it is ended only when it goes on not to.
ensure_started() {
    local key=$1 name=$2 attempt
    if "${key}_answers" && ! "${key}_is_ready"; then
        say "$name lets in whoever asks; starting it anew with passwords"
        "${key}_stop" >/dev/null 2>&1
    elif "${key}_is_running"; then
        wait_until 60 "${key}_is_ready" && return 0
        say "$name runs but does not answer; starting it anew"
        "${key}_stop" >/dev/null 2>&1
    fi
    for attempt in 1 2 3; do
        "choose_${key}_ports"
        write_environment
        step "Starting $name" "$3" && return 0
        ((attempt == 3)) || say "Trying again on other ports"
        "forget_${key}_ports"
    done
    fail "$name does not start; its log is in $DATA_FOLDER"
}

choose_postgresql_ports() { keep_or_choose POSTGRES_PORT PostgreSQL; }
forget_postgresql_ports() { POSTGRES_PORT=''; }
choose_rabbitmq_ports() {
    keep_or_choose AMQP_PORT RabbitMQ
    keep_or_choose DIST_PORT RabbitMQ
    stop_port_mapper # may have survived its node
    keep_or_choose EPMD_PORT RabbitMQ
}
forget_rabbitmq_ports() { AMQP_PORT='' DIST_PORT='' EPMD_PORT=''; }

keep_or_choose() {
    if [[ ${!1} ]]; then
        port_is_taken "${!1}" || return 0
        say "Port ${!1} of $2 is used by another program; choosing another"
    fi
    choose_port "$1"
}

start_postgresql_once() { postgresql_create && postgresql_create_roles && postgresql_start; }
start_rabbitmq_once() { rabbitmq_start; }

# What programs and tests read. JUSTRUNIT_RABBITMQCTL and JUSTRUNIT_CREDENTIALS are set only for servers of ours.
export_addresses() {
    local password
    if needs_postgresql; then
        password_of postgresql justrunit password
        export JUSTRUNIT_POSTGRES="Host=127.0.0.1;Port=$POSTGRES_PORT;Username=justrunit;Password=$password;Database=justrunit"
    fi
    if needs_rabbitmq; then
        password_of rabbitmq administrator password
        export JUSTRUNIT_RABBITMQ="amqp://$RABBITMQ_ADMINISTRATOR:$password@127.0.0.1:$AMQP_PORT/"
        export JUSTRUNIT_RABBITMQCTL="$ROOT/infra/local/rabbitmqctl"
    fi
    if needs_postgresql && needs_rabbitmq; then
        export JUSTRUNIT_CREDENTIALS=$CREDENTIALS
    fi
}

print_addresses() {
    local name
    for name in JUSTRUNIT_POSTGRES JUSTRUNIT_RABBITMQ JUSTRUNIT_RABBITMQCTL JUSTRUNIT_CREDENTIALS; do
        [[ -z ${!name:-} ]] || printf '%s=%s\n' "$name" "${!name}"
    done
}

# stop_everything [--purge]: programs of this working copy first, then the servers.
stop_everything() {
    local purge=${1:-}
    stop_programs
    if [[ -d $LOCAL_FOLDER ]]; then
        prepare_local_folder
        exec 9>"$LOCAL_FOLDER/lock"
        flock 9
        if read_environment; then
            rabbitmq_folder
            if rabbitmq_is_running || find_port_mapper; then step "Stopping RabbitMQ" rabbitmq_stop; fi
            if postgresql_is_running; then step "Stopping PostgreSQL" postgresql_stop; fi
            if [[ $purge && $DATA_FOLDER ]]; then
                rm -rf "$DATA_FOLDER"
            fi
        fi
        exec 9>&-
    fi
    [[ -z $purge ]] || rm -rf "$LOCAL_FOLDER"
}

# Services, samples and consoles that ./justrunit started from this working copy carry its path in JUSTRUNIT_HOME
# and on their command line. This process and its ancestors are spared.
stop_programs() {
    local folder pid ancestor=$$ spared=" " parent
    local -a found=()
    while ((ancestor > 1)); do
        spared+="$ancestor "
        parent=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$ancestor/status" 2>/dev/null) || break
        ancestor=${parent:-0}
    done
    for folder in /proc/[0-9]*; do
        pid=${folder#/proc/}
        [[ $spared != *" $pid "* ]] || continue
        process_matches "$pid" "$ROOT/" || continue
        grep -qzxF "JUSTRUNIT_HOME=$ROOT" "$folder/environ" 2>/dev/null && found+=("$pid")
    done
    ((${#found[@]})) || return 0
    step "Stopping ${#found[@]} running programs" end_processes "${found[@]}"
}

end_processes() {
    kill -TERM "$@" 2>/dev/null
    wait_until 10 all_gone "$@" || kill -KILL "$@" 2>/dev/null
    return 0
}

all_gone() {
    local pid
    for pid in "$@"; do process_gone "$pid" || return 1; done
}

# Exit code 0 if everything needed runs, 3 otherwise (as service managers answer).
print_status() {
    local result=0
    read_environment || true
    if ! needs_postgresql; then
        printf 'PostgreSQL  given by JUSTRUNIT_POSTGRES\n'
    elif [[ $DATA_FOLDER ]] && postgresql_is_running; then
        printf 'PostgreSQL  running  process %s  127.0.0.1:%s\n' "$POSTGRES_PID" "$POSTGRES_PORT"
    else
        printf 'PostgreSQL  stopped\n'
        result=3
    fi
    if ! needs_rabbitmq; then
        printf 'RabbitMQ    given by JUSTRUNIT_RABBITMQ\n'
    elif [[ $DATA_FOLDER ]] && rabbitmq_is_running; then
        printf 'RabbitMQ    running  process %s  127.0.0.1:%s\n' "$RABBITMQ_PID" "$AMQP_PORT"
    else
        printf 'RabbitMQ    stopped\n'
        result=3
    fi
    [[ -z $DATA_FOLDER ]] || printf 'Data        %s\n' "$DATA_FOLDER"
    if build_is_current; then printf 'Build       current\n'; else printf 'Build       needed\n'; fi
    return "$result"
}
