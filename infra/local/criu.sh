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
    if ensure_newer "$CRIU_FOLDER" "$CRIU_WRAPPER" "Fetching CRIU for this kernel" fetch_criu \
        "no CRIU that suits this kernel; clones are started cold"; then
        export JUSTRUNIT_CRIU=$CRIU_WRAPPER
    fi
}

fetch_criu() {
    unpack_newer "$CRIU_FOLDER" unstable criu && wrap_newer "$CRIU_FOLDER" usr/sbin/criu "$CRIU_WRAPPER" && "$CRIU_WRAPPER" check
}
