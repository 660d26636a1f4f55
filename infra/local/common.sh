# shellcheck shell=bash disable=SC2034,SC2153 # variables are shared with the scripts beside this one
# Shared by ./justrunit and the scripts beside it: messages, timing, ports, the user that the servers run as.
# Expects ROOT (the repository) to be set by the caller.

LOCAL_FOLDER="$ROOT/.justrunit"      # what is remembered about this working copy, ignored by git
CREDENTIALS="$LOCAL_FOLDER/credentials" # passwords, one file each: rabbitmq/ROLE and postgresql/ROLE
ENV_FILE="$LOCAL_FOLDER/env"         # ports, node name, place of the data
SETUP_LOG="$LOCAL_FOLDER/setup.log"  # output of every step, shown only when a step fails

# Progress and errors go to descriptor 3, a copy of stderr, so that they reach the terminal
# from within a step whose own output goes to the log; stdout is left to the program's results.
exec 3>&2

say() { printf '%s\n' "$*" >&3; }
warn() { printf 'justrunit: %s\n' "$*" >&3; }

# fail MESSAGE...: one clear line, exit code 1.
fail() {
    [[ ${STEP_OPEN:-} ]] && printf ' failed\n' >&3
    warn "$@"
    exit 1
}

# usage_error MESSAGE...: bad input, exit code 2.
usage_error() {
    warn "$@"
    exit 2
}

# now_microseconds VARIABLE. EPOCHREALTIME has the locale's decimal sign, hence the pattern.
now_microseconds() { printf -v "$1" '%s' "${EPOCHREALTIME/[.,]/}"; }

# step LABEL COMMAND...: one line with its duration; the command's output only if it fails.
# The command runs in this shell, so it may set variables, and without errexit, so it must return its failures.
step() {
    local label=$1 started ended
    shift
    now_microseconds started
    printf '%s ...' "$label" >&3
    STEP_OPEN=1
    : >"$SETUP_LOG"
    if ! "$@" >>"$SETUP_LOG" 2>&1 </dev/null; then
        STEP_OPEN=
        printf ' failed\n' >&3
        tail -n 60 "$SETUP_LOG" >&3
        return 1
    fi
    STEP_OPEN=
    now_microseconds ended
    printf ' %d.%d s\n' $(((ended - started) / 1000000)) $(((ended - started) / 100000 % 10)) >&3
}

# find_program VARIABLE NAME: its path; the folders of system tools are searched as well,
# since users other than root often lack them on PATH.
find_program() {
    local folder found
    if found=$(type -P "$2"); then
        printf -v "$1" '%s' "$found"
        return 0
    fi
    for folder in /usr/local/sbin /usr/sbin /sbin; do
        if [[ -x $folder/$2 ]]; then
            printf -v "$1" '%s' "$folder/$2"
            return 0
        fi
    done
    return 1
}

has_program() {
    local ignored
    find_program ignored "$1"
}

# password_of KIND ROLE VARIABLE: the password in its file, which the owner alone may read; drawn at random when there is none.
password_of() {
    local file="$CREDENTIALS/$1/$2" found=''
    (
        umask 077
        mkdir -p "$CREDENTIALS/$1" && chmod 700 "$CREDENTIALS" "$CREDENTIALS/$1" || exit 1
        [[ -s $file ]] && exit 0
        od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n' >"$file.new" && mv -f "$file.new" "$file"
    ) || fail "cannot write to $CREDENTIALS"
    read -r found <"$file" || [[ $found ]] || fail "cannot read $file; run as its owner"
    printf -v "$3" '%s' "$found"
}

# True if somebody listens on this TCP port. Read from the kernel: no program needed, and nothing is disturbed.
port_is_taken() {
    local hexadecimal
    printf -v hexadecimal '%04X' "$1"
    grep -qsE ": [0-9A-F]+:$hexadecimal [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6
}

# choose_port VARIABLE: a free port below the range that the kernel gives to outgoing connections,
# and none of those that are already remembered.
choose_port() {
    local candidate attempt
    for ((attempt = 0; attempt < 1000; attempt++)); do
        candidate=$((20000 + RANDOM % 10000))
        case " ${POSTGRES_PORT:-} ${AMQP_PORT:-} ${DIST_PORT:-} ${EPMD_PORT:-} " in
            *" $candidate "*) continue ;;
        esac
        if ! port_is_taken "$candidate"; then
            printf -v "$1" '%s' "$candidate"
            return 0
        fi
    done
    fail "no free TCP port between 20000 and 29999 on this machine; free one and run again"
}

# port_answers PORT: true if a connection to 127.0.0.1 is accepted.
port_answers() { (exec 8<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# process_matches PID TEXT: true if the process lives and its command line holds TEXT.
# A process id alone proves nothing: after a crash another program may have it.
process_matches() {
    local -a words=()
    [[ $1 =~ ^[0-9]+$ && -r /proc/$1/cmdline ]] || return 1
    mapfile -d '' -t words <"/proc/$1/cmdline" 2>/dev/null || return 1
    [[ " ${words[*]} " == *"$2"* ]]
}

# True once the process has ended, whether or not its parent has taken notice: one that only waits for that
# has no command line any more.
process_gone() {
    local first=''
    { read -r -d '' first <"/proc/$1/cmdline"; } 2>/dev/null
    [[ -z $first ]]
}

# wait_until SECONDS COMMAND...: polls ten times a second.
wait_until() {
    local left=$(($1 * 10))
    shift
    until "$@"; do
        ((left-- > 0)) || return 1
        sleep 0.1
    done
}

# PostgreSQL refuses to run as root, so under root both servers run as another user. Whoever has data from an earlier run keeps them:
# with another owner a server that runs would lose its files.
choose_server_user() {
    local owner=''
    [[ ! -d $DATA_FOLDER ]] || owner=$(stat -c %U "$DATA_FOLDER")
    SERVER_USER=
    if [[ $EUID -ne 0 ]]; then
        [[ -z $owner || -O $DATA_FOLDER ]] ||
            fail "the private servers here are those of $owner; run as root or as that user, or use a clone of your own"
    elif [[ $owner && $owner != root && $owner != UNKNOWN ]]; then
        SERVER_USER=$owner
    elif id postgres >/dev/null 2>&1; then
        SERVER_USER=postgres
    else
        id justrunit >/dev/null 2>&1 ||
            useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin justrunit ||
            fail "cannot create the system user 'justrunit' that the private servers run as"
        SERVER_USER=justrunit
    fi
}

# as_server COMMAND...: as the user of the servers, with an environment of its own, so that neither the caller's
# PG* and RABBITMQ_* variables nor the descriptors of this script reach a server that outlives it.
as_server() { (become_server "$@"); }

# become_server COMMAND...: the same, in place of the shell that calls it.
become_server() {
    local -a drop=()
    if [[ $SERVER_USER ]]; then
        drop=(setpriv "--reuid=$SERVER_USER" "--regid=$(id -g "$SERVER_USER")" --init-groups)
    fi
    exec 3>&- 9>&-
    cd / && exec "${drop[@]}" env -i \
        PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH" \
        LANG=C.UTF-8 HOME="${DATA_FOLDER:-/}" "$@"
}

# The data stay inside the repository where the servers' user can get there. A clone below a private folder
# (/root, mktemp -d) is closed to it: then they live under /var/lib, in a folder named after the repository's path.
choose_data_folder() {
    local inside="$LOCAL_FOLDER/data" hash
    hash=$(printf '%s' "$ROOT" | cksum)
    NODE_HASH=${hash%% *}
    [[ -z $DATA_FOLDER || ! -d $DATA_FOLDER ]] || ! server_can_enter "$DATA_FOLDER" || return 0
    if server_can_enter "$LOCAL_FOLDER"; then
        DATA_FOLDER=$inside
    else
        DATA_FOLDER="/var/lib/justrunit-$NODE_HASH"
    fi
}

# server_can_enter FOLDER: whether the servers' user can.
server_can_enter() {
    [[ $SERVER_USER ]] || return 0
    (cd / && setpriv "--reuid=$SERVER_USER" "--regid=$(id -g "$SERVER_USER")" --init-groups test -x "$1") 2>/dev/null
}
