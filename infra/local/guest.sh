# shellcheck shell=bash
# The guest for trials of the vm back end: the distribution's kernel for virtual machines, unpacked and not installed, and an initial
# RAM disk with busybox, the virtio modules and one small server.

# ensure_guest FOLDER: builds kernel and initrd there, unless they are as the sources here are.
ensure_guest() {
    local folder=$1 sources=$ROOT/infra/local/guest stamp
    stamp=$(cat "$sources"/* "$ROOT/infra/local/guest.sh" | sha256sum)
    [[ -r $folder/stamp && $(<"$folder/stamp") == "$stamp" && -r $folder/kernel && -r $folder/initrd ]] && return 0
    ensure_packages vm
    step "Building the guest for virtual machines" build_guest "$folder" "$sources" || return 1
    printf '%s\n' "$stamp" >"$folder/stamp"
}

# build_guest FOLDER SOURCES
build_guest() {
    local folder=$1 sources=$2 work kernel modules name
    mkdir -p "$folder"
    work=$(mktemp -d) || return 1
    # A download needs no root; the user _apt must be able to write where root downloads.
    chmod 755 "$work"
    (
        cd "$work" || exit 1
        # Debian's kernel for virtual machines, or Ubuntu's, which has the drivers built in.
        for name in linux-image-cloud-amd64 linux-image-virtual; do
            name=$(apt-cache depends "$name" 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
            [[ $name ]] && break
        done
        [[ $name ]] && apt-get download "$name" && dpkg-deb -x linux-image-*.deb kernel
    ) || { rm -rf "$work"; return 1; }
    kernel=$(printf '%s\n' "$work"/kernel/boot/vmlinuz-*)
    modules=$work/kernel/lib/modules/${kernel##*/vmlinuz-}/kernel
    if ! { mkdir -p "$work/root/modules" "$work/root/bin" && : >"$work/root/modules/order" &&
        cc -O2 -static -o "$work/root/server" "$sources/server.c" &&
        cp "$sources/init" "$work/root/init" && chmod 755 "$work/root/init" &&
        cp "$(type -P busybox)" "$work/root/bin/busybox"; }; then
        rm -rf "$work"
        return 1
    fi
    # In the order in which they need one another.
    for name in drivers/virtio/virtio_ring drivers/virtio/virtio drivers/virtio/virtio_pci_modern_dev \
        drivers/virtio/virtio_pci_legacy_dev drivers/virtio/virtio_pci net/core/failover drivers/net/net_failover \
        drivers/net/virtio_net drivers/block/virtio_blk drivers/virtio/virtio_balloon; do
        [[ -e $modules/$name.ko ]] || continue
        cp "$modules/$name.ko" "$work/root/modules/" || { rm -rf "$work"; return 1; }
        echo "${name##*/}.ko" >>"$work/root/modules/order"
    done
    (cd "$work/root" && find . | cpio --quiet -o -H newc | gzip -1) >"$folder/initrd" &&
        cp "$kernel" "$folder/kernel"
    local result=$?
    rm -rf "$work"
    return "$result"
}
