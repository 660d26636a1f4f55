# shellcheck shell=bash disable=SC2034,SC2153 # variables are shared with the scripts beside this one
# The commands of ./justrunit: what each takes, its help, and the check of its arguments before anything is set up for it.

COMMANDS=(
    demo test chaos up down roles proxy hosts clone forget logs parked replay audit export asyncapi report rules bench fuzz soak record
    setup status
)
BENCHMARKS=(pipeline proxy fidelity clone quota-period audit)

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
  replay STREAM [--at VERSION|TIME] [--follow] [--causes] [--state] [--json]
                          a stream's history in words: 'matrix shop/application@2026-11-28', 'data-center NAME', 'service NAME',
                          the beginning of an id ('replay --help')
  replay --trace FILE --to ADDRESS [ARGUMENTS]
                          repeat traffic that 'proxy --record' recorded, with sessions left out or multiplied, slower or
                          faster ('replay --help')
  audit [STREAM...|--all] [--since TIME] [--checkpoint FILE] [--key FILE] [--next FILE] [--json]
                          make every recorded decision again from what was read for it, and compare the events byte for byte;
                          exit code 1 where one differs ('audit --help')
  export STREAM... --out FILE
                          streams with the proof that they are what was sealed, to be verified without this program
                          (docs/audit-format.md)
  asyncapi                print what travels over the bus as an AsyncAPI 3 document (docs/asyncapi.json)
  report --of ADDRESS [--metrics] [--reset]
                          the figures of a proxy that was started with --admin ('report --help')
  rules propose|reload --admin ADDRESS
                          propose the rules of a service from what a proxy has seen; have it read its file of rules again
  bench NAME [ARGUMENTS]  run a benchmark: pipeline, proxy, fidelity, clone, quota-period or audit (--json FILE: every figure;
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
# or NAME=WHAT is an argument; '!' behind it says that it must be there. WHAT is one of several (a|b), or a form that is_value knows,
# with its bounds behind a colon; 'NAME...' is any number of arguments, '...' allows anything. The forms and bounds are those of the
# programs, which check again what is wrong only on the machine that it is done on: a test holds that both know the same options.
command_grammar() {
    local seed='WHOLE:-2147483648..2147483647' server='HOST:PORT,unix:PATH' protocols='http|ajp13|mysql|postgresql'
    case $1 in
        demo) echo '--quick --json=FILE --plot=FILE.png,.svg --back-end=auto|container|process' ;;
        test | chaos) echo '...' ;;
        up) echo '--services=READ! --agent=READ! --proxies=READ!' ;;
        down) echo '--purge' ;;
        roles) echo '--agent=NAMES --node=NAMES --outside-monitor=NAMES --outside-placement=NAMES --print' ;;
        proxy)
            echo "--role=in|out! --protocol=$protocols|tcp --listen=IP:ANYPORT --upstream=$server! --install[=IP:PORT]"
            echo '--end-idle=DURATION:1s..1h --drain=DURATION:0s..1h --sandbox=IP:ANYPORT --clone=CLONES --time-shift=DURATION:1ms..1h'
            echo "--speed=NUMBER:0.1..10 --hold=DURATION:1ms..1h --record=FILE --record-limit=WHOLE:1..1048576 --peer=$server"
            echo '--rules=READ --admin=IP:ANYPORT,unix:PATH --admin-token=FILE --memory=WHOLE:1..65536'
            echo '--max-connections=WHOLE:1..10000000 --max-connections-per-source=WHOLE:1..10000000'
            echo '--head-timeout=DURATION:0s..24h --idle-timeout=DURATION:0s..24h --gone-timeout=DURATION:100ms..24h'
            ;;
        hosts) echo '--json --adopt=TEXT --end=TEXT' ;;
        clone) echo 'NAME=NAME! --cpu=SHARE:1..409600 --next=HOST:PORT --keep' ;;
        forget) echo 'MACHINE=NAME! --data-center=NAME --force --json' ;;
        logs) echo '--correlation=ID --follow -f --level=LEVEL --since=TIME --json' ;;
        parked) echo '--json --replay=GUID' ;;
        replay)
            echo '--trace=READ! --to=IP:PORT! --protocol=http|ajp13 --sessions=PERCENT:1..10000 --speed=NUMBER:0.1..10'
            echo "--pace=NUMBER:0.1..10 --seed=$seed --rules=READ --json"
            ;;
        report) echo "--of=$server! --metrics --reset --admin-token=READ" ;;
        rules) echo "ACTION=propose|reload! --admin=$server! --admin-token=READ" ;;
        'replay stream') echo 'STREAM! NAME=TEXT --at=WHEN --follow -f --causes --state --json' ;;
        audit) echo 'STREAM... --all --since=TIME --checkpoint=READ --key=READ --next=FILE --json' ;;
        export) echo 'STREAM...! --out=FILE!' ;;
        'bench pipeline')
            echo '--json=FILE --plot=FILE.png --only=path|length|seals|load --minutes=WHOLE:1..1440 --services=WHOLE:1..10000'
            echo '--explorations=WHOLE:0..1000 --measure=WHOLE:1..3600'
            ;;
        'bench quota-period') echo '--json=FILE' ;;
        'bench audit') echo '--json=FILE --events=WHOLE:1000..100000000' ;;
        'bench proxy') echo '--json=FILE --plot=FILE.png,.svg --quick --only=http|cost|chain|stall|databases|idle' ;;
        'bench fidelity') echo '--json=FILE --plot=FILE.png --quick' ;;
        'bench clone') echo '--json=FILE --only=moves|clones|caps --back-end=process|container|vm --heap=WHOLE:1..4000' ;;
        fuzz) echo "PARSER=$protocols|all --time=DURATION --seed=$seed --input=READ" ;;
        soak) echo '--time=DURATION --rate=NUMBER:1..100000' ;;
        record) echo "FOLDER=FOLDER! PROTOCOL=$protocols" ;;
        setup) echo '--servers-only' ;;
        status | asyncapi) ;;
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
        'replay stream') echo 'replay matrix shop/application@2026-11-28 --state' ;;
        audit) echo 'audit --all --since 24h' ;;
        asyncapi) echo 'asyncapi' ;;
        export) echo 'export matrix shop/application@2026-11-28 --out shop.jsonl' ;;
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

# form_of COMMAND ARGUMENT...: its name in the tables above. 'replay' has two forms: of a trace, by its options, and of a stream.
form_of() {
    local command=$1 word
    shift
    if [[ $command == replay ]]; then
        for word in "$@"; do
            [[ ${word%%[=:]*} == --trace || ${word%%[=:]*} == --to ]] || continue
            printf replay
            return 0
        done
        command='replay stream'
    fi
    printf '%s' "$command"
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
    local command=$1
    if [[ $command == bench ]]; then
        if ! is_benchmark "${2:-}"; then
            print_bench_help
            return 0
        fi
        command="bench $2"
    elif [[ $command == replay && $(form_of "$@") != replay ]]; then
        print_form_help 'replay stream'
        printf '\n'
    fi
    print_form_help "$command"
}

# print_form_help FORM
print_form_help() {
    local command=$1 program text
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
        *) dotnet "$2" "${1%% *}" --help ;;
    esac 3>&- </dev/null
}

# print_usage COMMAND: its grammar, its text in the help above, and an example.
print_usage() {
    local word must
    printf 'Usage: ./justrunit %s' "${1% stream}"
    for word in $(command_grammar "$1"); do
        must=${word##*[^!]}
        word=${word%!}
        case $word in
            ...) word='[ARGUMENTS]' must='!' ;;
            --*'[='*)
                word=${word%']'}
                word="${word%%'[='*} [$(called "${word#*=}")]"
                ;;
            --*=*) word="${word%%=*} $(called "${word#*=}")" ;;
            *=*'|'*) word=${word#*=} ;;
            *=*) word=${word%%=*} ;;
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

# called WHAT: by which name a value of that form stands in a usage.
called() {
    case $1 in
        READ | FILE*) echo FILE ;;
        CLONES) echo 'ADDRESS,...' ;;
        GUID) echo 'ID|all' ;;
        TEXT) echo NAME ;;
        WHOLE* | NUMBER*) echo NUMBER ;;
        DURATION* | SHARE* | PERCENT*) echo "${1%%:*}" ;;
        *) echo "${1//ANYPORT/PORT}" | tr ',' '|' ;;
    esac
}

print_bench_help() {
    cat <<'HELP'
Usage: ./justrunit bench NAME [ARGUMENTS]

Run a benchmark, alone on the machine

Benchmarks
  pipeline       from append to consumed, against raw Npgsql and RabbitMQ; against the length of streams; what hashes cost;
                 --only load: a large data centre with simulated agents
  proxy          the proxies against direct connections, HAProxy, nginx and PgBouncer
  fidelity       how alike on-line server and clone perform with the same CPU share, for both samples
  clone          pause and time of cloning against the size of the heap, of moves between agents, and precision of the CPU cap
  quota-period   how the period of the CPU quota distorts response times
  audit          how long an audit of a large store, and the first lines of a long stream take

'./justrunit bench NAME --help' has the arguments of one.

Example:
  ./justrunit bench pipeline --json figures.json
HELP
}

# check_arguments COMMAND ARGUMENT...: holds them against the command's grammar; what is wrong ends in one line and exit code 2.
# Sets GIVEN: the values by option's or argument's name.
check_arguments() {
    local form=$1 command=${1% stream} word name value what count=0 is_open='' is_many=''
    local -A kinds=() forms=()
    local -a places=() required=()
    declare -gA GIVEN=()
    shift
    for word in $(command_grammar "$form"); do
        name=${word%%[=[!]*}
        [[ $word != *! ]] || required+=("${name%...}")
        word=${word%!}
        case $word in
            ...) is_open=1 ;;
            *...)
                name=${name%...}
                places+=("$name")
                forms[$name]=$name
                is_many=1
                ;;
            --*'[='*)
                word=${word#*=}
                kinds[$name]="?${word%']'}"
                ;;
            --*=*) kinds[$name]=${word#*=} ;;
            -*) kinds[$name]=flag ;;
            *)
                places+=("$name")
                forms[$name]=${word#*=}
                ;;
        esac
    done
    [[ -z $is_open ]] || return 0
    while (($#)); do
        word=$1
        shift
        name=${word%%[=:]*}
        if [[ $word != -?* ]]; then
            [[ $is_many ]] || ((count < ${#places[@]})) ||
                usage_error "$command: unknown argument '$word'; allowed is $(allowed_words "$form")"
            name=${places[count < ${#places[@]} ? count : -1]}
            ((++count))
            check_value "$command" "$name" "${forms[$name]}" "$word"
            : "${GIVEN[$name]:=$word}"
            continue
        fi
        what=${kinds[$name]:-}
        [[ $what ]] || usage_error "$command: unknown option '$name'; allowed is $(allowed_words "$form")"
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
        [[ $what == flag || ($what == \?* && -z $value) ]] || check_value "$command" "$name" "${what#\?}" "$value"
        GIVEN[$name]=$value
    done
    for name in "${required[@]}"; do
        [[ ${GIVEN[$name]+given} ]] && continue
        if [[ $name == --* ]]; then
            usage_error "$command: $name: missing; allowed is $(shown_value "${kinds[$name]}")"
        elif [[ ${forms[$name]} == *'|'* ]]; then
            usage_error "$command: $name: missing; allowed is $(shown_value "${forms[$name]}")"
        else
            usage_error "$command: $name: missing; './justrunit $command --help' explains it"
        fi
    done
    check_together "$command"
}

# check_together COMMAND: what GIVEN says of several options at once.
check_together() {
    local name option
    case $1 in
        hosts)
            [[ -z ${GIVEN[--adopt]+given} || -z ${GIVEN[--end]+given} ]] || usage_error 'hosts: --adopt and --end: allowed is one of them'
            ;;
        audit)
            [[ ${GIVEN[STREAM]+given} || ${GIVEN[--all]+given} ]] || usage_error 'audit: STREAM: missing; allowed is a stream, or --all'
            [[ -z ${GIVEN[STREAM]:-} || -z ${GIVEN[--all]+given} ]] ||
                usage_error "audit: --all: given with '${GIVEN[STREAM]}'; allowed is one of them"
            for option in --checkpoint --next; do
                [[ ${GIVEN[--all]+given} || -z ${GIVEN[$option]+given} ]] ||
                    usage_error "audit: $option: given with '${GIVEN[STREAM]}'; allowed is --all"
            done
            ;;
        report)
            [[ -z ${GIVEN[--metrics]+given} || -z ${GIVEN[--reset]+given} ]] ||
                usage_error 'report: --reset: given with --metrics; allowed is one of them'
            ;;
        proxy)
            [[ ${GIVEN[--listen]+given}${GIVEN[--install]+given} ]] ||
                usage_error 'proxy: --listen: missing; allowed is IP:PORT, or --install'
            if [[ ${GIVEN[--protocol]:-} == tcp ]]; then
                for name in --sandbox --clone --time-shift --speed --hold --record --record-limit --peer --rules --memory --head-timeout; do
                    [[ -z ${GIVEN[$name]+given} ]] ||
                        usage_error "proxy: $name: '${GIVEN[$name]}'; allowed is none where protocol tcp is only relayed"
                done
            fi
            [[ -z ${GIVEN[--sandbox]+given} || ${GIVEN[--role]} == out ]] ||
                check_value proxy --sandbox IP:PORT "${GIVEN[--sandbox]}"
            [[ -z ${GIVEN[--clone]+given} || (${GIVEN[--role]} == out && ${GIVEN[--sandbox]+given}) ]] ||
                usage_error "proxy: --clone: '${GIVEN[--clone]}'; allowed is none without --role out and --sandbox"
            if [[ ${GIVEN[--install]+given} ]]; then
                is_endpoint IP:PORT,unix:PATH "${GIVEN[--upstream]}" ||
                    usage_error "proxy: --upstream: '${GIVEN[--upstream]}'; allowed is IP:PORT where --install is given, such as" \
                        '10.0.0.5:8080, or unix:PATH'
                [[ ${GIVEN[--install]} || ${GIVEN[--upstream]} != unix:* ]] ||
                    usage_error 'proxy: --install: missing address; allowed is IP:PORT, where --upstream is unix:PATH'
                name=${GIVEN[--install]:-${GIVEN[--upstream]}}
                [[ $name != 0.0.0.0:* && $name != '[::]:'* ]] ||
                    usage_error "proxy: --install: '$name'; allowed is IP:PORT of one address, such as 10.0.0.5:8080"
            elif [[ ${GIVEN[--end-idle]+given} ]]; then
                usage_error "proxy: --end-idle: '${GIVEN[--end-idle]}'; allowed is none without --install"
            fi
            # Where connections are logged in, nobody can tell whether one is within a transaction.
            [[ -z ${GIVEN[--end-idle]+given} || ${GIVEN[--protocol]:-http} == http || ${GIVEN[--protocol]} == ajp13 ]] ||
                usage_error "proxy: --end-idle: '${GIVEN[--end-idle]}'; allowed is none where protocol ${GIVEN[--protocol]} is spoken"
            if is_within "${GIVEN[--speed]:-1}" 0 1; then
                [[ -z ${GIVEN[--hold]+given} ]] ||
                    usage_error "proxy: --hold: '${GIVEN[--hold]}'; allowed is none where --speed is not above 1"
            else
                [[ ${GIVEN[--hold]+given} ]] ||
                    usage_error 'proxy: --hold: missing; allowed is a duration such as 30s where --speed is above 1'
            fi
            ;;
    esac
}

# check_value COMMAND NAME WHAT VALUE
check_value() {
    is_value "$1" "$3" "$4" || usage_error "$1: $2: '$4'; allowed is $(shown_value "$3")"
}

# is_value COMMAND WHAT VALUE: whether the command's program would read the value, by its form and its bounds.
is_value() {
    local LC_ALL=C command=$1 what=$2 value=$3 bounds word path found='' number='([0-9]+[.]?[0-9]*|[.][0-9]+)'
    local -a words
    local name='[A-Za-z0-9][A-Za-z0-9._-]{0,62}' day='[0-9]{4}-[0-9]{2}-[0-9]{2}' hours='([01][0-9]|2[0-3]):[0-5][0-9]'
    bounds=${what##*:}
    # Of the forms themselves, some have a colon.
    if [[ $bounds == *..* ]]; then what=${what%:*}; else bounds=; fi
    case $what in
        *'|'*) [[ $value && $value != *'|'* && "|$what|" == *"|$value|"* ]] ;;
        READ)
            path=$(path_of "$command" "$value")
            [[ -f $path && -r $path ]]
            ;;
        FILE*)
            path=$(path_of "$command" "$value")
            [[ $value && $value != */ && ! -d $path ]] || return 1
            [[ $what != FILE ]] || return 0
            IFS=, read -ra words <<<"${what#FILE}"
            for word in "${words[@]}"; do [[ ${value,,} != *"$word" ]] || return 0; done
            return 1
            ;;
        FOLDER) [[ $value && ! -f $(path_of "$command" "$value") ]] ;;
        DURATION)
            word=$(milliseconds_of "$value") || return 1
            # What the programs can hold.
            is_within "$word" "$(milliseconds_of "${bounds%%..*}" || echo 0)" "$(milliseconds_of "${bounds##*..}" || echo 922337203685477)"
            ;;
        NUMBER) [[ $value =~ ^[-+]?$number([eE][-+]?[0-9]+)?$ ]] && is_within "$value" "${bounds%%..*}" "${bounds##*..}" ;;
        WHOLE) [[ $value =~ ^[-+]?[0-9]+$ ]] && is_within "$value" "${bounds%%..*}" "${bounds##*..}" ;;
        SHARE)
            [[ $value =~ ^[[:space:]]*([-+]?$number([eE][-+]?[0-9]+)?)[[:space:]]*%*$ ]] &&
                is_within "${BASH_REMATCH[1]}" "${bounds%%..*}" "${bounds##*..}"
            ;;
        PERCENT)
            [[ $value =~ ^[[:space:]]*${number}[[:space:]]*%$ ]] && is_within "${BASH_REMATCH[1]}" "${bounds%%..*}" "${bounds##*..}"
            ;;
        NAME) [[ $value =~ ^$name$ ]] ;;
        NAMES)
            # As the programs read it: blanks beside a comma do not count, nor commas in a row.
            while IFS= read -r word; do
                word=${word#"${word%%[![:space:]]*}"}
                word=${word%"${word##*[![:space:]]}"}
                [[ $word ]] || continue
                [[ $word =~ ^$name$ ]] || return 1
                found=1
            done <<<"${value//,/$'\n'}"
            [[ $found ]]
            ;;
        ID) [[ $value =~ ^[0-9A-Fa-f-]{1,36}$ ]] ;;
        GUID)
            word='[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}'
            [[ $value == all || $value =~ ^($word|[0-9A-Fa-f]{32}|[{]${word}[}]|[(]${word}[)])$ ]]
            ;;
        LEVEL) [[ ${value,,} =~ ^(verbose|debug|information|warning|error|fatal)$ ]] ;;
        TIME)
            milliseconds_of "$value" >/dev/null || [[ $value =~ ^$hours(:[0-5][0-9])?$ ]] ||
                { [[ $value =~ ^$day([T ]$hours(:[0-5][0-9]([.][0-9]{1,7})?)?(Z|[-+][0-9]{2}:[0-9]{2})?)?$ ]] &&
                    date -d "$value" >/dev/null 2>&1; }
            ;;
        CLONES)
            [[ $value && $value != *, && $value != ,* && $value != *,,* ]] || return 1
            IFS=, read -ra words <<<"$value"
            for word in "${words[@]}"; do is_client "$word" || return 1; done
            ;;
        *:*) is_endpoint "$what" "$value" ;;
        *) [[ $value ]] ;;
    esac
}

# is_within NUMBER LOWEST HIGHEST: whether it lies between both, or is one of them.
is_within() {
    LC_ALL=C awk -v value="$1" -v lowest="$2" -v highest="$3" \
        'BEGIN { exit !(value + 0 >= lowest + 0 && value + 0 <= highest + 0) }'
}

# milliseconds_of DURATION: numbers, each with its unit, the larger unit first; fails where it is none.
milliseconds_of() {
    local LC_ALL=C number='([0-9]+[.]?[0-9]*|[.][0-9]+)' blank='[[:space:]]*'
    [[ $1 =~ ^$blank($number${blank}h$blank)?($number${blank}min$blank)?($number${blank}s$blank)?($number${blank}ms$blank)?$ ]] || return 1
    [[ $1 == *[0-9]* ]] || return 1
    awk -v h="${BASH_REMATCH[2]:-0}" -v min="${BASH_REMATCH[4]:-0}" -v s="${BASH_REMATCH[6]:-0}" -v ms="${BASH_REMATCH[8]:-0}" \
        'BEGIN { printf "%.6f\n", h * 3600000 + min * 60000 + s * 1000 + ms }'
}

# is_endpoint WHAT VALUE: IP:PORT, HOST:PORT with a name too, ANYPORT with port 0 too, and behind a comma unix:PATH.
is_endpoint() {
    local LC_ALL=C what=$1 host port=${2##*:} lowest=1 label='([A-Za-z0-9]|[^[:cntrl:] -~])([A-Za-z0-9_-]|[^[:cntrl:] -~]){0,62}'
    if [[ $2 == unix:* ]]; then
        # Bytes of a path that fit struct sockaddr_un (unix(7)).
        [[ $what == *,unix:PATH && $2 == unix:/* ]] && ((${#2} - 5 <= 107))
        return
    fi
    host=${2%:*}
    [[ $2 == *:* && $host ]] || return 1
    [[ $what != *ANYPORT* ]] || lowest=0
    [[ $port =~ ^0*([0-9]{1,5})$ ]] && ((10#${BASH_REMATCH[1]} >= lowest && 10#${BASH_REMATCH[1]} <= 65535)) || return 1
    if [[ $host == '['*']' ]]; then
        host=${host#'['}
        is_ipv6 "${host%']'}"
    elif [[ $host =~ ^[0-9.]+$ ]]; then
        is_ipv4 "$host"
    else
        [[ $what == HOST:* && ${#host} -le 255 && $host =~ ^$label(\.$label)*\.?$ ]]
    fi
}

# is_ipv4 TEXT: four parts, none with a leading zero.
is_ipv4() {
    local part='(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
    [[ $1 =~ ^${part}[.]${part}[.]${part}[.]${part}$ ]]
}

# is_ipv6 TEXT: eight groups of hexadecimal digits, of which one run may be left out, and the last two may be an IPv4 address (RFC 4291).
is_ipv6() {
    local text=$1 group='[0-9A-Fa-f]{1,4}' left right count
    local -a groups
    [[ $text != *%* ]] || { [[ $text =~ ^[^%]+%[A-Za-z0-9._-]+$ ]] && text=${text%%%*}; } || return 1
    if [[ $text == *.* ]]; then
        is_ipv4 "${text##*:}" || return 1
        text=${text%:*}:0:0
    fi
    if [[ $text == *::* ]]; then
        left=${text%%::*} right=${text#*::}
        [[ $right != *::* && $right != :* ]] || return 1
        text="${left:+$left:}${right:+$right:}"
        text=${text%:}
        [[ $text ]] || return 0
    fi
    [[ $text =~ ^$group(:$group)*$ ]] || return 1
    IFS=: read -ra groups <<<"$text"
    count=${#groups[@]}
    if [[ $1 == *::* ]]; then ((count < 8)); else ((count == 8)); fi
}

# is_client WORD: whom a proxy may take for a clone: an address, a network that is not too wide, or a user of this machine.
is_client() {
    local address=${1%/*} length=${1##*/}
    local -a fields
    if [[ $1 == user:* ]]; then
        [[ ${1#user:} =~ ^[0-9]{1,10}$ ]] && ((10#${1#user:} <= 4294967295)) && return 0
        while IFS=: read -ra fields; do
            [[ ${fields[0]:-} != "${1#user:}" ]] || return 0
        done </etc/passwd
        return 1
    fi
    if [[ $1 == */* ]]; then
        [[ $length =~ ^[0-9]{1,3}$ ]] || return 1
        if [[ $address == *:* ]]; then
            is_ipv6 "$address" && ((10#$length >= 48 && 10#$length <= 128))
        else
            is_ipv4 "$address" || return 1
            # No bit of the address behind the network's.
            IFS=. read -ra fields <<<"$address"
            (((10#$length >= 16 && 10#$length <= 32 || (10#$length == 8 && fields[0] == 127)) &&
                ((fields[0] << 24 | fields[1] << 16 | fields[2] << 8 | fields[3]) & ((1 << (32 - 10#$length)) - 1)) == 0))
        fi
    else
        [[ $1 != 0.0.0.0 && $1 != :: ]] && { is_ipv4 "$1" || is_ipv6 "$1"; }
    fi
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
    local what=$1 bounds=${1##*:} range=
    if [[ $bounds == *..* ]]; then
        what=${what%:*}
        range=" from ${bounds%%..*} to ${bounds##*..}"
    fi
    case $what in
        *'|'*)
            IFS='|' read -ra words <<<"$what"
            one_of "${words[@]}"
            ;;
        READ) printf 'a file that can be read' ;;
        FILE) printf 'a file to be written' ;;
        FILE*)
            IFS=, read -ra words <<<"${what#FILE}"
            printf 'a file to be written whose name ends in %s' "$(one_of "${words[@]}")"
            ;;
        FOLDER) printf 'a folder' ;;
        DURATION) printf 'a duration with its unit (ms, s, min, h)%s' "${range:-, such as 50ms, 10s, 3min or 1h30min}" ;;
        NUMBER) printf 'a number%s' "$range" ;;
        WHOLE) printf 'a whole number%s' "$range" ;;
        SHARE) printf 'a percentage%s, such as 60%%' "$range" ;;
        PERCENT) printf 'a percentage from %s%% to %s%%' "${bounds%%..*}" "${bounds##*..}" ;;
        NAME) printf "a name of 1 to 63 letters, digits, '-', '_' and '.', a letter or digit first" ;;
        NAMES) printf "names of 1 to 63 letters, digits, '-', '_' and '.', a letter or digit first, with commas between them" ;;
        ID) printf 'a correlation id, or its first characters: hexadecimal digits and hyphens' ;;
        GUID) printf "an id that 'parked' lists, or all" ;;
        LEVEL) printf 'Verbose, Debug, Information, Warning, Error or Fatal' ;;
        TIME)
            printf '%s' 'a duration with its unit (ms, s, min, h), such as 50ms, 10s, 3min or 1h30min, or a time in UTC, such as ' \
                '2026-01-31T12:00:00Z or 12:00'
            ;;
        CLONES)
            printf '%s' 'addresses and networks of clones, such as 10.0.0.7 or 10.213.0.0/16 (of 16 bits or more; IPv6: 48), and ' \
                'user:NAME for processes of this machine, with commas between them'
            ;;
        TEXT) printf 'a name' ;;
        *:*)
            printf '%s:PORT, such as 127.0.0.1:8080' "${what%%:*}"
            [[ $what != *ANYPORT* ]] || printf ' (port 0: any that is free)'
            [[ $what != *,unix:PATH ]] || printf ', or unix:PATH, such as unix:/run/mysqld/mysqld.sock'
            ;;
        *) printf '%s' "$what" ;;
    esac
}

# allowed_words COMMAND: names of all that it takes.
allowed_words() {
    local word
    local -a names=()
    for word in $(command_grammar "$1"); do names+=("${word%%[=[!]*}"); done
    one_of "${names[@]}" --help
}
