# shellcheck shell=bash disable=SC2034,SC2153 # variables are shared with the scripts beside this one
# Building and testing the solution.

SOLUTION="$ROOT/JustRunIt.Events.sln"
RESULTS_FOLDER="$ROOT/artifacts/test-results"

# One number for names, sizes and times of all sources: unlike a comparison with a time stamp,
# it also sees a file that was removed or replaced by an older one.
source_fingerprint() {
    (
        cd "$ROOT" || exit 1
        find . \( -name bin -o -name obj -o -name .git -o -name .justrunit -o -name artifacts -o -name TestResults \) \
            -prune -o -type f \( -path './src/*' -o -path './samples/*' -o -path './tests/*' -o -path './bench/*' \
            -o -name '*.sln' -o -name '*.props' -o -name '*.targets' -o -name global.json \
            -o -name .editorconfig \) -printf '%p %s %T@\n' | LC_ALL=C sort | cksum
    )
}

# True if nothing changed since the last good build and the output of every project of the solution is still there.
build_is_current() {
    local remembered='' project
    { read -r remembered <"$LOCAL_FOLDER/built"; } 2>/dev/null || return 1
    [[ $remembered == "$(source_fingerprint)" ]] || return 1
    while read -r project; do
        project=${project//[\"]/}
        project=${project//\\//}
        [[ -d $ROOT/${project%/*}/bin/Release ]] || return 1
    done < <(grep -oE '"[^"]+\.csproj"' "$SOLUTION")
}

ensure_build() {
    local fingerprint
    prepare_local_folder
    build_is_current && return 0
    # Taken before the build: what is edited while it runs is built the next time.
    fingerprint=$(source_fingerprint)
    rm -f "$LOCAL_FOLDER/built"
    step "Building (Release)" dotnet_build || fail "the build failed"
    printf '%s\n' "$fingerprint" >"$LOCAL_FOLDER/built"
}

# One compiler serves all projects: starting one for each takes most of a build's time. It is this build's own, and is
# ended with it, as are the build nodes: they would take memory and CPU from what is measured next.
dotnet_build() {
    local compiler="justrunit-$$" result=0 server
    DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 \
        dotnet build "$SOLUTION" -c Release -v quiet -nologo -nodeReuse:false \
        -p:UseSharedCompilation=true -p:SharedCompilationId="$compiler" 3>&- || result=$?
    for server in "$(dirname "$(readlink -f "$(type -P dotnet)")")"/sdk/*/Roslyn/bincore/VBCSCompiler.dll; do
        [[ ! -e $server ]] || dotnet "$server" -pipename:"$compiler" -shutdown >/dev/null 2>&1 || true
    done
    return "$result"
}

# program_of COMMAND: the assembly that has it; nothing for what is done by scripts.
program_of() {
    local project name
    case $1 in
        demo) project=src/Demo name=Demo ;;
        up | hosts | clone | forget | logs | parked | roles | audit | export | asyncapi | 'replay stream')
            project=src/Console name=Console
            ;;
        proxy | replay | report | rules) project=src/ProxyNode name=ProxyNode ;;
        fuzz | soak | record) project=tests/ProxyNode.Tests name=ProxyNode.Tests ;;
        'bench pipeline') project=bench/Pipeline name=Bench.Pipeline ;;
        'bench proxy') project=bench/Proxy name=Bench.Proxy ;;
        'bench fidelity') project=bench/Fidelity name=Bench.Fidelity ;;
        'bench clone') project=bench/Clone name=Bench.Clone ;;
        'bench audit') project=bench/Audit name=Bench.Audit ;;
        'bench quota-period') project=bench/QuotaPeriod name=Bench.QuotaPeriod ;;
        *) return 0 ;;
    esac
    printf '%s' "$ROOT/$project/bin/Release/net10.0/JustRunIt.$name.dll"
}

# run_program COMMAND ARGUMENT...: its program in place of this process, so that signals and the exit code are the program's own.
# Proxies read files of the caller's folder; all others those of the repository.
run_program() {
    local command=$1 program
    shift
    program=$(program_of "$command")
    [[ -r $program ]] || fail "the program is missing: ${program#"$ROOT/"} was not built"
    case $command in
        proxy | replay | report | rules) ;;
        *) cd "$ROOT" || exit 1 ;;
    esac
    export JUSTRUNIT_HOME=$ROOT
    exec dotnet "$program" "$@" 3>&-
}

# Test projects that take longest, first: of two that run side by side the one that begins last must not be the longest.
LONG_TESTS=(HostAgent.Tests EndToEnd.Tests ProxyNode.Tests Events.Store.Tests Samples.Tests)

# run_tests ARGUMENT...: all suites, or the project given as first argument; further arguments go to dotnet test. Without a
# filter among them, all but what is for 'chaos'.
run_tests() {
    local result=0 target='' line
    if [[ ${1:-} && $1 != -* && -e $1 ]]; then
        target=$(realpath "$1")
        shift
    fi
    [[ " $* " == *' --filter '* ]] || set -- "$@" --filter 'Category!=Chaos'
    cd "$ROOT" || exit 1
    rm -rf "$RESULTS_FOLDER"
    mkdir -p "$RESULTS_FOLDER" || fail "cannot create $RESULTS_FOLDER"
    # The servers run: test projects need not look for them each.
    while IFS= read -r line; do
        export "${line?}"
    done < <(print_addresses)
    export JUSTRUNIT_HOME=$ROOT DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
    # Hundreds of programs are started that live for some seconds, and most of that is compiling them. To measure what is called how, and
    # to compile again what is called thirty times, is for programs that live longer: a quarter of a start.
    export DOTNET_TieredPGO=0 DOTNET_TC_CallCountThreshold=1000
    if [[ $target ]]; then
        (test_project "$target" "$@") || result=$?
    else
        test_all_projects "$@" || result=$?
    fi
    print_test_summary "$result"
}

# test_project PROJECT ARGUMENT...: replaces the shell that calls it, so that whoever ends that one ends the tests.
test_project() {
    exec dotnet test "$1" -c Release --no-build -nologo -nodeReuse:false --logger trx --results-directory "$RESULTS_FOLDER" \
        --blame-hang-timeout 10m --blame-hang-dump-type none "${@:2}" </dev/null 3>&-
}

# test_projects: the test projects of the solution, the longest first.
test_projects() {
    local name
    local -a others=()
    while read -r name; do
        [[ " ${LONG_TESTS[*]} " == *" $name "* ]] || others+=("$name")
    done < <(tr '\134' / <"$SOLUTION" | grep -oE 'tests/[A-Za-z.]+\.Tests/' | cut -d / -f 2 | sort -u)
    for name in "${LONG_TESTS[@]}" "${others[@]}"; do
        [[ ! -e tests/$name/$name.csproj ]] || printf '%s\n' "$name"
    done
}

# test_all_projects ARGUMENT...: three at a time, for most of their time is spent waiting; no test asserts on how long something
# takes. What a project prints is shown in one piece when it ends.
test_all_projects() {
    local -a names=()
    local -A running=()
    local name next=0 slots=3 result=0
    (($(nproc) > 1)) || slots=1
    mapfile -t names < <(test_projects)
    trap 'kill "${running[@]}" 2>/dev/null; exit 130' INT TERM
    while ((next < ${#names[@]} || ${#running[@]})); do
        while ((next < ${#names[@]} && ${#running[@]} < slots)); do
            name=${names[next++]}
            say "Testing $name ..."
            (test_project "tests/$name/$name.csproj" "$@") >"$RESULTS_FOLDER/$name.log" 2>&1 &
            running[$name]=$!
        done
        wait -n "${running[@]}" 2>/dev/null
        for name in "${!running[@]}"; do
            kill -0 "${running[$name]}" 2>/dev/null && continue
            wait "${running[$name]}" || result=1
            unset "running[$name]"
            cat "$RESULTS_FOLDER/$name.log"
        done
    done
    trap - INT TERM
    return "$result"
}

# print_test_summary EXIT_CODE: sums the result files of all suites. A run that broke off (a crashed or hung host)
# counts as a failure even where no single test was reported as failed. Returns the exit code, never 0 with failures.
print_test_summary() {
    local result=$1 file counters passed=0 failed=0 skipped=0 broken summary
    for file in "$RESULTS_FOLDER"/*.trx; do
        [[ -e $file ]] || continue
        counters=$(grep -o -m1 '<Counters [^>]*>' "$file") || counters=
        broken=$(($(counter failed) + $(counter error) + $(counter timeout) + $(counter aborted)))
        if ((broken == 0)) && { [[ -z $counters ]] || grep -q '<ResultSummary outcome="Failed"' "$file"; }; then
            broken=1
        fi
        passed=$((passed + $(counter passed)))
        failed=$((failed + broken))
        skipped=$((skipped + $(counter total) - $(counter executed)))
    done
    ((result == 0 || failed > 0)) || failed=1
    ((failed == 0 || result != 0)) || result=1
    summary="$passed passed, $failed failed"
    ((skipped == 0)) || summary+=", $skipped skipped"
    printf '%s\n' "$summary" | tee "$RESULTS_FOLDER/summary"
    return "$result"
}

# counter NAME: an attribute of $counters, 0 if absent.
counter() {
    if [[ $counters =~ \ $1=\"([0-9]+)\" ]]; then printf '%s' "${BASH_REMATCH[1]}"; else printf 0; fi
}
