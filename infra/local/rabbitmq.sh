# shellcheck shell=bash disable=SC2034,SC2153 # variables are shared with the scripts beside this one
# The private RabbitMQ: its own node name, ports, cookie, Mnesia and log folders; everything on 127.0.0.1.
RABBITMQ_ADMINISTRATOR=justrunit-administrator

# No plugins: the management plugin would cost memory and CPU that measurements on the same machine need.

# A thread of the broker that found no work looks again for a few microseconds before it sleeps. In virtual machines,
# where waking a sleeper is dear, the node starts three to six times faster for it; at rest it costs nothing measurable.
RABBITMQ_SPIN=(+sbwt very_short +sbwtdcpu very_short +sbwtdio very_short)

rabbitmq_folder() { RABBITMQ_FOLDER="$DATA_FOLDER/rabbitmq"; }

# Everything that makes server and command-line tool ours rather than the system's, as words for env.
rabbitmq_environment() {
    rabbitmq_folder
    RABBITMQ_ENVIRONMENT=(
        "HOME=$RABBITMQ_FOLDER"
        "ERL_EPMD_ADDRESS=127.0.0.1"
        "ERL_EPMD_PORT=$EPMD_PORT"
        "RABBITMQ_NODENAME=$NODE"
        "RABBITMQ_USE_LONGNAME=false"
        "RABBITMQ_DIST_PORT=$DIST_PORT"
        "RABBITMQ_CONF_ENV_FILE=$RABBITMQ_FOLDER/none"
        "RABBITMQ_CONFIG_FILE=$RABBITMQ_FOLDER/rabbitmq.conf"
        "RABBITMQ_ADVANCED_CONFIG_FILE=$RABBITMQ_FOLDER/none.config"
        "RABBITMQ_ENABLED_PLUGINS_FILE=$RABBITMQ_FOLDER/enabled_plugins"
        "RABBITMQ_MNESIA_BASE=$RABBITMQ_FOLDER/mnesia"
        "RABBITMQ_MNESIA_DIR=$RABBITMQ_FOLDER/mnesia/node"
        "RABBITMQ_LOG_BASE=$RABBITMQ_FOLDER/log"
        "RABBITMQ_GENERATED_CONFIG_DIR=$RABBITMQ_FOLDER/generated"
        "RABBITMQ_PID_FILE=$RABBITMQ_FOLDER/pid"
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} ${RABBITMQ_SPIN[*]} -justrunit $NODE_HASH"
        "RABBITMQ_CTL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}"
    )
}

# Sets RABBITMQ_PID if our server runs: the node carries the repository's hash on its command line.
rabbitmq_is_running() {
    local pid=''
    rabbitmq_folder
    RABBITMQ_PID=
    { read -r pid <"$RABBITMQ_FOLDER/pid"; } 2>/dev/null || [[ $pid ]] || return 1
    process_matches "$pid" "-justrunit $NODE_HASH " && RABBITMQ_PID=$pid
}

rabbitmq_configure() {
    local password
    password_of rabbitmq administrator password
    # shellcheck disable=SC2016 # the inner shell's own argument
    as_server mkdir -p "$RABBITMQ_FOLDER/mnesia" "$RABBITMQ_FOLDER/log" "$RABBITMQ_FOLDER/generated" &&
        as_server tee "$RABBITMQ_FOLDER/enabled_plugins" >/dev/null <<<'[].' &&
        as_server rm -f "$RABBITMQ_FOLDER/rabbitmq.conf" &&
        as_server sh -c 'umask 077; cat >"$1"' sh "$RABBITMQ_FOLDER/rabbitmq.conf" <<CONF
listeners.tcp.local = 127.0.0.1:$AMQP_PORT
# The one that is made with a new node; there is no other.
default_user = $RABBITMQ_ADMINISTRATOR
default_pass = $password
default_user_tags.administrator = true
log.file = rabbit.log
log.file.level = info
log.file.rotation.size = 10485760
log.file.rotation.count = 2
disk_free_limit.absolute = 100MB
CONF
}

# True once the administrator has our password, and the account that everybody knows is gone.
rabbitmq_has_users() {
    rabbitmq_folder
    [[ -e $RABBITMQ_FOLDER/users && -s $CREDENTIALS/rabbitmq/administrator ]]
}

# A node from the time when there was no password, or whose password is lost: it is given ours, and loses the old account.
rabbitmq_create_users() {
    local password
    rabbitmq_has_users && return 0
    password_of rabbitmq administrator password
    # Its port may be open before it can be administered.
    rabbitmq_control await_startup --silent || return 1
    if rabbitmq_control authenticate_user "$RABBITMQ_ADMINISTRATOR" <<<"$password"; then
        :
    elif rabbitmq_control list_users --silent | grep -q "^${RABBITMQ_ADMINISTRATOR}[[:space:]]"; then
        rabbitmq_control change_password "$RABBITMQ_ADMINISTRATOR" <<<"$password" || return 1
    else
        rabbitmq_control add_user "$RABBITMQ_ADMINISTRATOR" <<<"$password" || return 1
    fi
    rabbitmq_control set_user_tags "$RABBITMQ_ADMINISTRATOR" administrator || return 1
    rabbitmq_control set_permissions "$RABBITMQ_ADMINISTRATOR" '.*' '.*' '.*' || return 1
    if rabbitmq_control list_users --silent | grep -q '^guest[[:space:]]'; then
        rabbitmq_control delete_user guest || return 1
    fi
    as_server touch "$RABBITMQ_FOLDER/users"
}

# rabbitmq_control ARGUMENT...: the node's command-line tool.
rabbitmq_control() { as_server env "${RABBITMQ_ENVIRONMENT[@]}" "$RABBITMQ_BIN/rabbitmqctl" "$@"; }

# A session of its own (setsid) keeps Ctrl-C in the caller's terminal away from the server. No shell stays behind
# as its parent: it would hold the caller's descriptors open, and whoever reads our output would wait for ever.
rabbitmq_start() {
    local wrapper is_new=
    rabbitmq_folder
    [[ -d $RABBITMQ_FOLDER/mnesia/node ]] || is_new=1
    rabbitmq_configure || return 1
    rabbitmq_environment
    as_server rm -f "$RABBITMQ_FOLDER/pid"
    (
        exec </dev/null >"$SETUP_LOG.rabbitmq" 2>&1
        become_server env "${RABBITMQ_ENVIRONMENT[@]}" setsid "$RABBITMQ_BIN/rabbitmq-server"
    ) &
    wrapper=$!
    if ! wait_until 120 rabbitmq_started_or_ended "$wrapper" || ! rabbitmq_answers; then
        cat "$SETUP_LOG.rabbitmq"
        tail -n 30 "$RABBITMQ_FOLDER/log/rabbit.log" 2>/dev/null
        rabbitmq_stop
        return 1
    fi
    disown "$wrapper" 2>/dev/null
    # A new node begins with our password.
    [[ ! $is_new ]] || as_server touch "$RABBITMQ_FOLDER/users"
    rabbitmq_create_users
}

rabbitmq_started_or_ended() { rabbitmq_answers || process_gone "$1"; }

# TERM makes the node stop in order.
rabbitmq_stop() {
    if rabbitmq_is_running; then
        kill -TERM "$RABBITMQ_PID" 2>/dev/null
        wait_until 30 process_gone "$RABBITMQ_PID" || kill -KILL "$RABBITMQ_PID" 2>/dev/null
    fi
    stop_port_mapper
}

# The node starts its port mapper (epmd), which goes on without it. Sets EPMD_PID if ours runs; its command line
# says nothing of whose it is, but its environment does. Asking the port to end would disturb whoever else has it.
find_port_mapper() {
    local folder name
    rabbitmq_folder
    EPMD_PID=
    for folder in /proc/[0-9]*; do
        name=''
        { read -r name <"$folder/comm"; } 2>/dev/null
        [[ $name == epmd ]] || continue
        if grep -qzxF "HOME=$RABBITMQ_FOLDER" "$folder/environ" 2>/dev/null; then
            EPMD_PID=${folder#/proc/}
            return 0
        fi
    done
    return 1
}

stop_port_mapper() {
    find_port_mapper || return 0
    kill -TERM "$EPMD_PID" 2>/dev/null
    wait_until 5 process_gone "$EPMD_PID" || kill -KILL "$EPMD_PID" 2>/dev/null
    return 0
}
