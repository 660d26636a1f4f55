# shellcheck shell=bash disable=SC2034,SC2153 # variables are shared with the scripts beside this one
# The commands of ./justrunit: what each takes, its help, and the check of its arguments before anything is set up for it.

COMMANDS=(demo test chaos up down roles proxy hosts clone forget logs parked replay report rules bench fuzz soak record setup status)
BENCHMARKS=(pipeline proxy fidelity clone quota-period)

print_help() {
    cat <<'HELP'
justrunit: find by live experiments how much CPU and memory a service needs, and give it that

Usage: ./justrunit COMMAND [ARGUMENTS]

Commands
  demo [ARGUMENTS]        the whole loop on this machine: a service breaks its SLA, its clone is tried at several
                          allocations under the same live traffic, the smallest that meets the SLA is applied
                          (--quick: about three minutes; --json FILE: every figure; --back-end NAME: how servers
                          are run and cloned, by default live in containers where that works here)
  test [ARGUMENTS]        build and run all test suites; ends with the line 'N passed, N failed'. A first argument
                          that is a project or folder runs only that one; the rest goes to 'dotnet test'
  chaos [ARGUMENTS]       the tests that take long: agents are killed in every phase of a move, and hundreds of times at
                          random over all back ends; likewise
  up --services FILE --agent FILE --proxies FILE
                          start the host agent, the proxies and the services on this machine, until Ctrl-C or 'down'
                          (docs/configuration.md describes the files, docs/examples has some)
  down [--purge]          stop everything that was started from here, the private servers included;
                          --purge also removes their data
  roles [ARGUMENTS]       give each role its user of the broker, with its own password and permissions (docs/roles.md);
                          --agent, --node, --outside-monitor and --outside-placement NAMES: those that have names
  proxy --role in|out --listen ADDRESS --upstream ADDRESS [ARGUMENTS]
                          one proxy around a live server, without bus or database ('proxy --help')
  hosts [--json] [--adopt NAME | --end NAME]
                          machines, virtual machines, clones, allocations, power
  clone NAME [--cpu SHARE] [--keep]
                          clone an on-line virtual machine by hand; tells the pause at the end
  forget MACHINE [--force]
                          release a machine's name from a host agent that is gone; ends nothing that runs
  logs [--correlation ID] [--follow] [--level LEVEL] [--since TIME] [--json]
                          the log lines of all processes that 'up' and 'demo' started, in order of time ('logs --help')
  parked [--json] [--replay ID|all]
                          messages that the relay could not hand over, with the reason; have them tried again
  replay --trace FILE --to ADDRESS [ARGUMENTS]
                          repeat traffic that 'proxy --record' recorded, with sessions left out or multiplied, slower or
                          faster ('replay --help')
  report --of ADDRESS [--metrics] [--reset]
                          the figures of a proxy that was started with --admin ('report --help')
  rules propose|reload --admin ADDRESS
                          propose the rules of a service from what a proxy has seen; have it read its file of rules again
  bench NAME [ARGUMENTS]  run a benchmark: pipeline, proxy, fidelity, clone or quota-period (--json FILE: every figure;
                          'bench NAME --help')
  fuzz [PARSER] [--time 1min] [--seed N]
                          feed the parsers of the proxies with changed conversations of real peers ('fuzz --help')
  soak [--time 10min] [--rate 1000]
                          load with resets on all sides through the proxies; nothing may be held afterwards
  record FOLDER [PROTOCOL]
                          record anew the conversations of real peers that the proxies' parsers are tested with
  setup [--servers-only]  install, start and build what the other commands need, and print the addresses of the
                          servers as NAME=VALUE lines; --servers-only leaves the tools and the build out
  status                  what runs, on which ports; exit code 3 if a server is stopped
  --help, -h              this text; after a command, that command's
  --version               the version

'./justrunit COMMAND --help' has every argument of a command. Neither it nor a wrong argument sets anything up.
Relative paths in arguments are relative to the repository; those of 'proxy', 'replay', 'report' and 'rules' to the current folder.

Set-up
  Needs bash, the .NET SDK 10 and Debian or Ubuntu. Missing packages (postgresql, rabbitmq-server, iproute2,
  nftables, nginx-light, curl; for the demonstration also mariadb-server, for the tests also that, apache2,
  libapache2-mod-jk and tomcat10) are installed by apt as root or through 'sudo -n'; otherwise the command to do so
  is printed. A CRIU and, for virtual machines, a QEMU of a later Debian are unpacked under .justrunit/ where the
  distribution's do not serve. A private PostgreSQL and a private RabbitMQ are kept there too (under
  /var/lib/justrunit-* when root's clone is closed to other users), on ports of 127.0.0.1 chosen once and remembered,
  and go on running until './justrunit down'.

Environment
  JUSTRUNIT_POSTGRES      connection string of a running PostgreSQL (Host=...;Port=...;Username=...;Database=...):
                          it is used, and none is installed or started
  JUSTRUNIT_RABBITMQ      address of a running RabbitMQ (amqp://USER:PASSWORD@HOST:PORT/VHOST), likewise
  JUSTRUNIT_CHAOS_KILLS   how often 'chaos' kills an agent of each back end (180); JUSTRUNIT_CHAOS_MINUTES ends each
                          sooner, JUSTRUNIT_CHAOS_SEED repeats one, JUSTRUNIT_CHAOS_REPORT is a file for what came of it
  JUSTRUNIT_CRIU, JUSTRUNIT_QEMU
                          paths of a criu and of a qemu-system-x86_64: they are used, and none is fetched

Exit codes
  0 success, 1 failure, 2 bad input, 3 stopped ('status'); test and program commands keep their own.
HELP
}

# command_grammar COMMAND: what it takes, a word each. --name is a flag, --name=WHAT has a value, --name[=WHAT] may have one, NAME
# is an argument; '!' behind it says that it must be there. WHAT is one of several (a|b), a file to be READ, a DURATION, a NUMBER,
# or free. '...' allows anything. The programs check again, and more: a test holds that both know the same options.
command_grammar() {
    case $1 in
        demo) echo '--quick --json=FILE --plot=FILE --back-end=auto|container|process' ;;
        test | chaos) echo '...' ;;
        up) echo '--services=READ! --agent=READ! --proxies=READ!' ;;
        down) echo '--purge' ;;
        roles) echo '--agent=NAMES --node=NAMES --outside-monitor=NAMES --outside-placement=NAMES --print' ;;
        proxy)
            echo '--role=in|out! --protocol=NAME --listen=IP:PORT --upstream=ADDRESS! --install[=IP:PORT] --end-idle=DURATION'
            echo '--drain=DURATION --sandbox=IP:PORT --clone=ADDRESS --time-shift=DURATION --speed=NUMBER --hold=DURATION --record=FILE'
            echo '--record-limit=NUMBER --peer=ADDRESS --rules=READ --admin=ADDRESS --admin-token=FILE --memory=NUMBER'
            echo '--max-connections=NUMBER --max-connections-per-source=NUMBER --head-timeout=DURATION --idle-timeout=DURATION'
            echo '--gone-timeout=DURATION'
            ;;
        hosts) echo '--json --adopt=NAME --end=NAME' ;;
        clone) echo 'NAME! --cpu=SHARE --next=HOST:PORT --keep' ;;
        forget) echo 'MACHINE! --data-center=NAME --force --json' ;;
        logs) echo '--correlation=ID --follow -f --level=LEVEL --since=TIME --json' ;;
        parked) echo '--json --replay=ID' ;;
        replay)
            echo '--trace=READ! --to=IP:PORT! --protocol=NAME --sessions=PERCENT --speed=NUMBER --pace=NUMBER --seed=NUMBER'
            echo '--rules=READ --json'
            ;;
        report) echo '--of=ADDRESS! --metrics --reset --admin-token=READ' ;;
        rules) echo 'ACTION! --admin=ADDRESS! --admin-token=READ' ;;
        'bench pipeline')
            echo '--json=FILE --plot=FILE --only=path|length|load --minutes=NUMBER --services=NUMBER --explorations=NUMBER --measure=NUMBER'
            ;;
        'bench quota-period') echo '--json=FILE' ;;
        'bench proxy') echo '--json=FILE --plot=FILE --quick --only=http|cost|chain|stall|databases|idle' ;;
        'bench fidelity') echo '--json=FILE --plot=FILE --quick' ;;
        'bench clone') echo '--json=FILE --only=moves|clones|caps --back-end=process|container|vm --heap=NUMBER' ;;
        fuzz) echo 'PARSER --time=DURATION --seed=NUMBER --input=READ' ;;
        soak) echo '--time=DURATION --rate=NUMBER' ;;
        record) echo 'FOLDER! PROTOCOL' ;;
        setup) echo '--servers-only' ;;
        status) ;;
    esac
}

# command_example COMMAND
command_example() {
    case $1 in
        demo) echo 'demo --quick --json figures.json' ;;
        test) echo 'test tests/Events.Tests --filter DriverTests' ;;
        up) echo 'up --services services.yaml --agent host-agent.yaml --proxies proxy-node.yaml' ;;
        down) echo 'down --purge' ;;
        roles) echo 'roles --agent host-1,host-2 --node front --outside-monitor probe' ;;
        proxy) echo 'proxy --role in --protocol http --listen 127.0.0.1:8081 --upstream 127.0.0.1:8080' ;;
        hosts) echo 'hosts --json' ;;
        clone) echo 'clone shop-1 --cpu 40% --keep' ;;
        forget) echo 'forget app-2' ;;
        logs) echo 'logs --since 10min --level Warning' ;;
        parked) echo 'parked --replay all' ;;
        replay) echo 'replay --trace shop.trace --to 127.0.0.1:8080 --sessions 200%' ;;
        report) echo 'report --of 127.0.0.1:9000' ;;
        rules) echo 'rules propose --admin 127.0.0.1:9000' ;;
        bench\ *) echo "$1 --json figures.json" ;;
        fuzz) echo 'fuzz mysql --time 10min' ;;
        soak) echo 'soak --time 30min' ;;
        record) echo 'record tests/ProxyNode.Tests/Vectors http' ;;
        setup) echo 'setup --servers-only' ;;
        *) echo "$1" ;;
    esac
}

# one_of NAME...: "a, b or c".
one_of() {
    local text=$1
    shift
    while (($#)); do
        if (($# > 1)); then text+=", $1"; else text+=" or $1"; fi
        shift
    done
    printf '%s' "$text"
}

is_command() { [[ " ${COMMANDS[*]} " == *" $1 "* ]]; }
is_benchmark() { [[ $1 && " ${BENCHMARKS[*]} " == *" $1 "* ]]; }

# check_command WORD: it must be a command.
check_command() {
    is_command "$1" || usage_error "'$1' is no command; allowed is $(one_of "${COMMANDS[@]}")"
}

# check_benchmark [WORD]: it must be a benchmark.
check_benchmark() {
    [[ ${1:-} ]] || usage_error "bench: NAME: missing; allowed is $(one_of "${BENCHMARKS[@]}")"
    is_benchmark "$1" || usage_error "bench: '$1'; allowed is $(one_of "${BENCHMARKS[@]}")"
}

# asks_for WORD... -- ARGUMENT...: whether one of the arguments is one of the words.
asks_for() {
    local words=' '
    while [[ $1 != -- ]]; do
        words+="$1 "
        shift
    done
    shift
    while (($#)); do
        [[ $1 != *' '* && $words == *" $1 "* ]] && return 0
        shift
    done
    return 1
}

print_version() {
    sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$ROOT/Directory.Build.props"
}

# print_command_help COMMAND [BENCHMARK]: the program's own help where it is built, else what is known here.
print_command_help() {
    local command=$1 program text
    if [[ $command == bench ]]; then
        if ! is_benchmark "${2:-}"; then
            print_bench_help
            return 0
        fi
        command="bench $2"
    fi
    program=$(program_of "$command")
    if [[ -r $program ]] && find_dotnet && text=$(program_help "$command" "$program" 2>/dev/null) && [[ $text ]]; then
        printf '%s\n' "$text"
        return 0
    fi
    print_usage "$command"
    [[ -z $program ]] || printf "\n'./justrunit setup' builds the program, whose help then explains every option.\n"
}

# program_help COMMAND PROGRAM
program_help() {
    case $1 in
        demo | bench\ *) dotnet "$2" --help ;;
        *) dotnet "$2" "$1" --help ;;
    esac 3>&- </dev/null
}

# print_usage COMMAND: its grammar, its text in the help above, and an example.
print_usage() {
    local word must
    printf 'Usage: ./justrunit %s' "$1"
    for word in $(command_grammar "$1"); do
        must=${word##*[^!]}
        word=${word%!}
        word=${word/=READ/=FILE}
        case $word in
            ...) word='[ARGUMENTS]' must='!' ;;
            *'[='*) word=${word/'[='/' ['} ;;
            *=*) word=${word/=/ } ;;
        esac
        if [[ $must ]]; then printf ' %s' "$word"; else printf ' [%s]' "$word"; fi
    done
    printf '\n\n'
    print_help | awk -v name="${1%% *}" '
        /^Commands$/ { inside = 1; next }
        inside && /^$/ { exit }
        inside && /^  [^ ]/ { wanted = ($1 == name) }
        inside && wanted { print }'
    printf '\nExample:\n  ./justrunit %s\n' "$(command_example "$1")"
}

print_bench_help() {
    cat <<'HELP'
Usage: ./justrunit bench NAME [ARGUMENTS]

Run a benchmark, alone on the machine

Benchmarks
  pipeline       from append to consumed, against raw Npgsql and RabbitMQ; --only load: a large data centre with simulated agents
  proxy          the proxies against direct connections, HAProxy, nginx and PgBouncer
  fidelity       how alike on-line server and clone perform with the same CPU share, for both samples
  clone          pause and time of cloning against the size of the heap, of moves between agents, and precision of the CPU cap
  quota-period   how the period of the CPU quota distorts response times

'./justrunit bench NAME --help' has the arguments of one.

Example:
  ./justrunit bench pipeline --json figures.json
HELP
}

# check_arguments COMMAND ARGUMENT...: holds them against the command's grammar; what is wrong ends in one line and exit code 2.
# Sets GIVEN: the values by option's or argument's name.
check_arguments() {
    local command=$1 word name value what count=0 is_open=
    local -A kinds=()
    local -a places=() required=()
    declare -gA GIVEN=()
    shift
    for word in $(command_grammar "$command"); do
        name=${word%%[=[!]*}
        [[ $word != *! ]] || required+=("$name")
        word=${word%!}
        case $word in
            ...) is_open=1 ;;
            --*'[='*) kinds[$name]="?${word#*=}" ;;
            --*=*) kinds[$name]=${word#*=} ;;
            -*) kinds[$name]=flag ;;
            *) places+=("$name") ;;
        esac
    done
    [[ -z $is_open ]] || return 0
    while (($#)); do
        word=$1
        shift
        name=${word%%[=:]*}
        if [[ $word != -?* ]]; then
            ((count < ${#places[@]})) || usage_error "$command: unknown argument '$word'; allowed is $(allowed_words "$command")"
            GIVEN[${places[count++]}]=$word
            continue
        fi
        what=${kinds[$name]:-}
        [[ $what ]] || usage_error "$command: unknown option '$name'; allowed is $(allowed_words "$command")"
        value=
        if [[ $name != "$word" ]]; then
            value=${word#"$name"?}
            [[ $what != flag || $value == true || $value == false ]] ||
                usage_error "$command: $name: '$value'; allowed is no value"
            # As if it were not there: '--purge=false' removes nothing.
            [[ $what != flag || $value != false ]] || continue
        elif [[ $what != flag ]]; then
            # What begins with a separator is no option's name.
            if (($#)) && [[ -z ${1%%[=:]*} || -z ${kinds[${1%%[=:]*}]:-} ]]; then
                value=$1
                shift
            elif [[ $what != \?* ]]; then
                usage_error "$command: $name: missing value; allowed is $(shown_value "$what")"
            fi
        fi
        [[ $what == flag || -z ${GIVEN[$name]+given} ]] || usage_error "$command: $name: given twice; allowed is once"
        [[ $what == flag || $what == \?* ]] || check_value "$command" "$name" "$what" "$value"
        GIVEN[$name]=$value
    done
    for name in "${required[@]}"; do
        [[ ${GIVEN[$name]+given} ]] && continue
        if [[ $name == --* ]]; then
            usage_error "$command: $name: missing; allowed is $(shown_value "${kinds[$name]}")"
        else
            usage_error "$command: $name: missing; './justrunit $command --help' explains it"
        fi
    done
}

# check_value COMMAND NAME WHAT VALUE
check_value() {
    local command=$1 name=$2 what=$3 value=$4 file unit='(ms|s|min|h)'
    case $what in
        *'|'*) [[ $value && $value != *'|'* && "|$what|" == *"|$value|"* ]] && return 0 ;;
        READ)
            file=$(path_of "$command" "$value")
            [[ -f $file && -r $file ]] && return 0
            ;;
        DURATION) [[ $value =~ ^\ *[0-9.]+\ *$unit(\ *[0-9.]+\ *$unit)*\ *$ ]] && return 0 ;;
        NUMBER) [[ $value =~ ^[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?$ ]] && return 0 ;;
        *) [[ $value ]] && return 0 ;;
    esac
    usage_error "$command: $name: '$value'; allowed is $(shown_value "$what")"
}

# path_of COMMAND FILE: absolute, as the command's program will read it.
path_of() {
    case $1:$2 in
        *:/* | proxy:* | replay:* | report:* | rules:*) printf '%s' "$2" ;;
        *) printf '%s' "$ROOT/$2" ;;
    esac
}

# shown_value WHAT: in words.
shown_value() {
    local -a words
    case $1 in
        *'|'*)
            IFS='|' read -ra words <<<"$1"
            one_of "${words[@]}"
            ;;
        READ) printf 'a file that can be read' ;;
        DURATION) printf 'a duration with its unit (ms, s, min, h), such as 10s' ;;
        NUMBER) printf 'a number' ;;
        *) printf '%s' "${1#\?}" ;;
    esac
}

# allowed_words COMMAND: names of all that it takes.
allowed_words() {
    local word
    local -a names=()
    for word in $(command_grammar "$1"); do names+=("${word%%[=[!]*}"); done
    one_of "${names[@]}" --help
}
