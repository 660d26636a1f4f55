# shellcheck shell=bash disable=SC2153 # variables are shared with the scripts beside this one
# QEMU for virtual machines. An emulated guest of one before 9.0 has to stand still while it is copied
# (docs/decisions/0020-virtual-machines.md); where the distribution's is older, Debian 13's is unpacked into a folder of ours.

QEMU_FOLDER="$LOCAL_FOLDER/qemu"
QEMU_WRAPPER="$QEMU_FOLDER/qemu-system-x86_64"
QEMU_FIRST=9

# is_for_vms FILE: whether it is a host agent's file for virtual machines.
is_for_vms() { grep -qsE -e "^[[:space:]{,]*[\"']?backEnd[\"']?[[:space:]]*:[[:space:]]*[\"']?vm\b" -- "$1"; }

# ensure_qemu: sets and exports JUSTRUNIT_QEMU where one that serves better than the system's was unpacked.
ensure_qemu() {
    [[ ${JUSTRUNIT_QEMU:-} ]] && return 0
    ensure_packages vm
    local version
    version=$(qemu-system-x86_64 --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p;q')
    ((${version:-0} < QEMU_FIRST)) && [[ $(uname -m) == x86_64 ]] || return 0
    if ensure_newer "$QEMU_FOLDER" "$QEMU_WRAPPER" "Fetching a QEMU that copies emulated guests while they run" fetch_qemu \
        "no QEMU from $QEMU_FIRST.0 on; an emulated guest stands still while it is cloned"; then
        export JUSTRUNIT_QEMU=$QEMU_WRAPPER
    fi
}

fetch_qemu() {
    local data=$QEMU_FOLDER/root/usr/share
    unpack_newer "$QEMU_FOLDER" trixie qemu-system-x86 &&
        wrap_newer "$QEMU_FOLDER" usr/bin/qemu-system-x86_64 "$QEMU_WRAPPER" -L "$data/qemu" -L "$data/seabios" &&
        "$QEMU_WRAPPER" --version
}
