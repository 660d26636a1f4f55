# shellcheck shell=bash disable=SC2034,SC2153 # variables are shared with the scripts beside this one
# CRIU for live clones. The distribution's serves on most kernels; where its own check fails, or where it has none, the
# one of Debian's unstable suite is unpacked with its libraries into a folder of ours, and nothing of the system is touched.

CRIU_FOLDER="$LOCAL_FOLDER/criu"
CRIU_WRAPPER="$CRIU_FOLDER/criu"

# ensure_criu: sets and exports JUSTRUNIT_CRIU where a CRIU works. Where none does, live clones are not to be had: the
# container back end says why, and everything else works without.
ensure_criu() {
    [[ ${JUSTRUNIT_CRIU:-} ]] && return 0
    if [[ $EUID -ne 0 || $(uname -s) != Linux ]]; then
        return 0
    fi
    local system
    if find_program system criu && "$system" check >/dev/null 2>&1; then
        export JUSTRUNIT_CRIU=$system
        return 0
    fi
    if [[ ! -x $CRIU_WRAPPER ]]; then
        [[ -e $CRIU_FOLDER.failed ]] && return 0
        if ! step "Fetching CRIU for this kernel" fetch_criu; then
            warn "no CRIU that suits this kernel; clones are started cold (remove $CRIU_FOLDER.failed to try again)"
            rm -rf "$CRIU_FOLDER"
            : >"$CRIU_FOLDER.failed"
            return 0
        fi
    fi
    export JUSTRUNIT_CRIU=$CRIU_WRAPPER
}

# The mirror that the machine's own sources name, so that a machine behind a mirror of its own is served by it.
debian_mirror() {
    local mirror
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(SUITE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
        awk '$3 == "main" && $1 ~ /debian/ && $1 !~ /security/ { print $1; exit }')
    printf '%s' "${mirror:-http://deb.debian.org/debian}"
}

# A package manager of its own: own sources, own lists, an empty status, so that every library comes along; only the keys are
# the system's, and they decide whether the packages are what they say.
fetch_criu() {
    local apt="$CRIU_FOLDER/apt" root="$CRIU_FOLDER/root" keys=/usr/share/keyrings/debian-archive-keyring.gpg package loader
    type -P apt-get >/dev/null && type -P dpkg-deb >/dev/null || return 1
    [[ -r $keys ]] || { echo "$keys is missing; install the package debian-archive-keyring"; return 1; }
    rm -rf "$CRIU_FOLDER"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$root" || return 1
    : >"$apt/status"
    printf 'deb [signed-by=%s] %s unstable main\n' "$keys" "$(debian_mirror)" >"$apt/sources.list"
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
    APT_CONFIG="$apt/apt.conf" apt-get install --download-only --yes --no-install-recommends criu || return 1
    for package in "$apt"/cache/archives/*.deb; do
        dpkg-deb --extract "$package" "$root" || return 1
    done
    rm -rf "$apt"
    loader=$(find "$root" -name 'ld-linux-*.so.*' -type f | head -n 1)
    [[ $loader ]] || return 1
    cat >"$CRIU_WRAPPER" <<WRAPPER
#!/bin/sh
exec '$loader' --library-path '${loader%/*}' '$root/usr/sbin/criu' "\$@"
WRAPPER
    chmod 755 "$CRIU_WRAPPER"
    "$CRIU_WRAPPER" check
}
