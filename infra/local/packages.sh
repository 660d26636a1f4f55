# shellcheck shell=bash disable=SC2034,SC2153 # variables are shared with the scripts beside this one
# What must be on the machine: the .NET SDK, and system packages, installed by apt where they are missing.

# find_dotnet: puts the usual folders of the SDK on PATH where it is not; false if there is none.
find_dotnet() {
    local folder
    if ! type -P dotnet >/dev/null; then
        for folder in "${DOTNET_ROOT:-}" "${HOME:-/nonexistent}/.dotnet" /usr/lib/dotnet /usr/share/dotnet; do
            if [[ $folder && -x $folder/dotnet ]]; then
                export DOTNET_ROOT=$folder PATH="$folder:$PATH"
                break
            fi
        done
    fi
    type -P dotnet >/dev/null
}

# The SDK is not installed by us: there are several good ways, and the choice is the user's.
check_dotnet() {
    local sdks from=https://dotnet.microsoft.com/download/dotnet/10.0
    find_dotnet ||
        fail "the .NET SDK 10 is missing; install it ($from," \
            "or 'apt-get install dotnet-sdk-10.0' where the distribution has it) and run again"
    sdks=$(dotnet --list-sdks 2>/dev/null) || sdks=
    [[ $'\n'$sdks == *$'\n'10.* ]] ||
        fail "the .NET SDK 10 is missing ($(type -P dotnet) has: ${sdks//$'\n'/, }); install it from $from and run again"
}

# find_postgresql: sets PG_BIN, the folder of initdb and pg_ctl. Data of an earlier run need the same major version;
# otherwise the newest is taken. Debian keeps the server's programs off PATH.
find_postgresql() {
    local data_version='' folder
    PG_BIN=
    [[ -r ${DATA_FOLDER:-/nonexistent}/postgresql/PG_VERSION ]] &&
        read -r data_version <"$DATA_FOLDER/postgresql/PG_VERSION"
    if [[ $data_version && -x /usr/lib/postgresql/$data_version/bin/pg_ctl ]]; then
        PG_BIN=/usr/lib/postgresql/$data_version/bin
        return 0
    fi
    while read -r folder; do
        [[ -x $folder/initdb && -x $folder/pg_ctl ]] && PG_BIN=$folder && return 0
    done < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV)
    if folder=$(type -P pg_ctl) && type -P initdb >/dev/null; then
        PG_BIN=${folder%/*}
        return 0
    fi
    return 1
}

# find_rabbitmq: sets RABBITMQ_BIN. The scripts in /usr/sbin are wrappers that insist on the system's own server.
find_rabbitmq() {
    local server
    RABBITMQ_BIN=
    if [[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]]; then
        RABBITMQ_BIN=/usr/lib/rabbitmq/bin
    elif find_program server rabbitmq-server; then
        RABBITMQ_BIN=${server%/*}
    else
        return 1
    fi
}

# group_needs GROUP: what a group of packages is for, one a line: a program, or a file with its path, and the package
# that has it.
group_needs() {
    case $1 in
        tools)
            echo ip iproute2
            echo nft nftables
            echo nginx nginx-light
            echo curl curl
            echo mkfs.btrfs btrfs-progs
            ;;
        # Servers and clients that the proxies are tested against.
        peers)
            echo apache2 apache2
            echo /usr/lib/apache2/modules/mod_jk.so libapache2-mod-jk
            echo javac default-jdk-headless
            echo /usr/share/tomcat10/bin/catalina.sh tomcat10
            echo mariadbd mariadb-server
            echo /usr/share/java/mariadb-java-client.jar libmariadb-java
            echo wrk wrk
            # Runs what outsiders write, with nothing of ours.
            echo node nodejs
            # Reads every shell program of the repository.
            echo shellcheck shellcheck
            ;;
        # The database of the samples, for the demonstration and for what is measured with them.
        samples)
            echo mariadbd mariadb-server
            ;;
        # Clients that only vectors are recorded with.
        recording)
            echo node nodejs
            echo php php-cli
            echo /usr/share/php8.2-mysql php-mysql
            ;;
        # Virtual machines, and what their test guest is built with.
        vm)
            echo qemu-system-x86_64 qemu-system-x86
            echo qemu-img qemu-utils
            echo busybox busybox-static
            echo cpio cpio
            echo cc gcc
            echo /usr/lib/x86_64-linux-gnu/libc.a libc6-dev
            ;;
        # Load generators, and the proxies that ours are measured beside.
        proxy-bench)
            echo wrk wrk
            echo haproxy haproxy
            echo pgbouncer pgbouncer
            echo sysbench sysbench
            echo mariadbd mariadb-server
            echo apache2 apache2
            echo /usr/lib/apache2/modules/mod_jk.so libapache2-mod-jk
            echo /usr/share/tomcat10/bin/catalina.sh tomcat10
            # Tomcat compiles pages.
            echo javac default-jdk-headless
            echo /usr/share/java/mariadb-java-client.jar libmariadb-java
            ;;
    esac
}

# is_present NEED: true if the program, or the file, is there.
is_present() { if [[ $1 == /* ]]; then [[ -e $1 ]]; else has_program "$1"; fi; }

# ensure_packages GROUP...: installs what is missing of the named groups, and only that.
ensure_packages() {
    local -a missing=()
    local group need package
    for group in "$@"; do
        case $group in
            postgresql) find_postgresql || missing+=(postgresql) ;;
            rabbitmq) find_rabbitmq || missing+=(rabbitmq-server) ;;
            *)
                while read -r need package; do
                    is_present "$need" || [[ " ${missing[*]} " == *" $package "* ]] || missing+=("$package")
                done < <(group_needs "$group")
                ;;
        esac
    done
    ((${#missing[@]})) || return 0
    install_packages "${missing[@]}"
    for group in "$@"; do
        case $group in
            postgresql) find_postgresql || fail "PostgreSQL is still missing after the installation; see $SETUP_LOG" ;;
            rabbitmq) find_rabbitmq || fail "RabbitMQ is still missing after the installation; see $SETUP_LOG" ;;
        esac
    done
}

install_packages() {
    local -a privileged=()
    local by_hand="apt-get update && apt-get install --no-install-recommends $*"
    type -P apt-get >/dev/null ||
        fail "missing: $*; this is not Debian or Ubuntu, so install their equivalents by hand and run again"
    if [[ $EUID -ne 0 ]]; then
        if type -P sudo >/dev/null && sudo -n true 2>/dev/null; then
            privileged=(sudo -n)
        else
            fail "missing packages: $*; install them with: sudo sh -c '$by_hand'"
        fi
    fi
    step "Installing $*" apt_install "$@" ||
        fail "apt could not install $*; by hand: sudo sh -c '$by_hand'"
}

# apt_install PACKAGE...: a private server is started later, so the packages' own services must neither start now
# nor create a database cluster. Both are prevented by files that exist only during the installation.
apt_install() {
    local package result
    local -a names=()
    local policy=/usr/sbin/policy-rc.d
    local cluster=/etc/postgresql-common/createcluster.d/justrunit.conf
    local wrote_policy=''

    for package in "$@"; do
        apt_knows "$package" || { "${privileged[@]}" apt-get update || return 1; break; }
    done
    for package in "$@"; do
        # Some releases have only the full nginx package.
        [[ $package == nginx-light ]] && ! apt_knows nginx-light && package=nginx
        names+=("$package")
    done

    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' | "${privileged[@]}" tee "$policy" >/dev/null &&
            "${privileged[@]}" chmod 755 "$policy" && wrote_policy=1
    fi
    "${privileged[@]}" mkdir -p "${cluster%/*}" &&
        echo 'create_main_cluster = false' | "${privileged[@]}" tee "$cluster" >/dev/null

    apt_get_install "${names[@]}"
    result=$?
    if ((result != 0)); then
        # Lists that are too old name files that the mirror no longer has.
        "${privileged[@]}" apt-get update && apt_get_install "${names[@]}"
        result=$?
    fi

    "${privileged[@]}" rm -f "$cluster"
    [[ $wrote_policy ]] && "${privileged[@]}" rm -f "$policy"
    return "$result"
}

apt_knows() { [[ $(apt-cache policy "$1" 2>/dev/null) == *Candidate:\ [0-9]* ]]; }

apt_get_install() {
    "${privileged[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}
