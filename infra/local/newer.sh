# shellcheck shell=bash disable=SC2153 # variables are shared with the scripts beside this one
# Programs of a later Debian than the machine's: unpacked with all their libraries into a folder of ours, so that nothing of the
# system is touched.

# The mirror that the machine's own sources name, so that a machine behind a mirror of its own is served by it.
debian_mirror() {
    local mirror
    # shellcheck disable=SC2016 # the names are apt's, and the fields awk's
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(SUITE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
        awk '$3 == "main" && $1 ~ /debian/ && $1 !~ /security/ { print $1; exit }')
    printf '%s' "${mirror:-http://deb.debian.org/debian}"
}

# unpack_newer FOLDER SUITE PACKAGE: unpacks it into FOLDER/root. A package manager of its own: own sources, own lists, an empty
# status, so that every library comes along; only the keys are the system's, and they decide whether the packages are what they say.
unpack_newer() {
    local folder=$1 suite=$2 package=$3 apt="$1/apt" root="$1/root" keys=/usr/share/keyrings/debian-archive-keyring.gpg archive
    type -P apt-get >/dev/null && type -P dpkg-deb >/dev/null || return 1
    [[ -r $keys ]] || { echo "$keys is missing; install the package debian-archive-keyring"; return 1; }
    rm -rf "$folder"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$root" || return 1
    : >"$apt/status"
    printf 'deb [signed-by=%s] %s %s main\n' "$keys" "$(debian_mirror)" "$suite" >"$apt/sources.list"
    cat >"$apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::preferencesparts "-";
Dir::State "$apt";
Dir::State::Lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
CONF
    APT_CONFIG="$apt/apt.conf" apt-get update || return 1
    APT_CONFIG="$apt/apt.conf" apt-get install --download-only --yes --no-install-recommends "$package" || return 1
    for archive in "$apt"/cache/archives/*.deb; do
        dpkg-deb --extract "$archive" "$root" || return 1
    done
    rm -rf "$apt"
}

# wrap_newer FOLDER PROGRAM WRAPPER [ARGUMENT...]: a command that runs PROGRAM of FOLDER/root with its own loader and libraries.
wrap_newer() {
    local root="$1/root" program=$2 wrapper=$3 loader
    shift 3
    loader=$(find "$root" -name 'ld-linux-*.so.*' -type f | head -n 1)
    [[ $loader ]] || return 1
    printf '#!/bin/sh\nexec %s"$@"\n' "$(printf "'%s' " "$loader" --library-path "${loader%/*}" "$root/$program" "$@")" >"$wrapper" &&
        chmod 755 "$wrapper"
}

# ensure_newer FOLDER WRAPPER TITLE FETCH WARNING: fetches it once; fails where that failed, now or before. What failed is remembered,
# so that not every command tries again.
ensure_newer() {
    local folder=$1 wrapper=$2 title=$3 fetch=$4 warning=$5
    [[ ! -x $wrapper ]] || return 0
    [[ ! -e $folder.failed ]] || return 1
    step "$title" "$fetch" && return 0
    warn "$warning (remove $folder.failed to try again)"
    rm -rf "$folder"
    : >"$folder.failed"
    return 1
}
