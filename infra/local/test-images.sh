#!/usr/bin/env bash
# Container images of the servers that tests run against, for machines that reach no registry of images: Debian roots
# with the distribution's servers, told by the same environment variables as the well-known images are. They are kept,
# with Podman's whole state, in one folder of this working copy, and a Podman of its own serves them to the tests.
set -uo pipefail
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd -P)
# shellcheck source=/dev/null
. "$ROOT/infra/local/common.sh"
# shellcheck source=/dev/null
. "$ROOT/infra/local/newer.sh"

FOLDER="$LOCAL_FOLDER/test-images"
SOCKET="$FOLDER/podman.sock"
SUITE=bookworm
ALL=(postgres rabbitmq mariadb tomcat)

print_help() {
    cat <<'HELP'
test-images.sh: container images of the servers that tests run against, built from the distribution's packages

Usage: infra/local/test-images.sh COMMAND

  build [NAME...]   makes the images: postgres, rabbitmq, mariadb, tomcat; all by default
  serve             serves them on a socket until it is told to end; prints the variables that tests need, as NAME=VALUE
  remove            removes images, containers, and everything else of the folder

Needs root, and the packages podman, runc and debootstrap.
HELP
}

# own_podman ARGUMENT...: everything that it keeps is in our folder.
own_podman() {
    CONTAINERS_CONF="$FOLDER/containers.conf" podman --runtime runc --root "$FOLDER/storage" --runroot "$FOLDER/run" \
        --cgroup-manager cgroupfs --events-backend file "$@"
}

prepare_folder() {
    mkdir -p "$FOLDER/storage" "$FOLDER/run" || fail "cannot create $FOLDER"
    # Where resource limits may not be raised, a container that asks for more than there is does not start.
    printf '[containers]\ndefault_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]\n' >"$FOLDER/containers.conf"
}

# packages_of NAME
packages_of() {
    case $1 in
        postgres) echo postgresql ;;
        rabbitmq) echo rabbitmq-server ;;
        mariadb) echo mariadb-server ;;
        tomcat) echo tomcat10 ;;
    esac
}

# A root with nothing but the package manager; made once, copied for each image.
make_base() {
    [[ ! -e $FOLDER/base.done ]] || return 0
    rm -rf "$FOLDER/base"
    debootstrap --variant=minbase "$SUITE" "$FOLDER/base" "$(debian_mirror)" || return 1
    printf '#!/bin/sh\nexit 101\n' >"$FOLDER/base/usr/sbin/policy-rc.d"
    chmod 755 "$FOLDER/base/usr/sbin/policy-rc.d"
    # No cluster is made when PostgreSQL is installed: the image's start makes one.
    mkdir -p "$FOLDER/base/etc/postgresql-common/createcluster.d"
    echo 'create_main_cluster = false' >"$FOLDER/base/etc/postgresql-common/createcluster.d/none.conf"
    touch "$FOLDER/base.done"
}

# make_image NAME
make_image() {
    local name=$1 root="$FOLDER/root-$1"
    rm -rf "$root"
    cp -a "$FOLDER/base" "$root" || return 1
    cp /etc/resolv.conf "$root/etc/resolv.conf" || return 1
    # Java's installation reads /proc; mounted in a namespace of its own, so that it is gone afterwards.
    # shellcheck disable=SC2016,SC2046 # the inner shell's own arguments; one word a package
    unshare --mount sh -c 'mount -t proc proc "$1/proc" && exec chroot "$@"' in "$root" \
        env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends $(packages_of "$name") || return 1
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root/etc/resolv.conf"
    install -m 755 "$ROOT/infra/local/test-images/$name.sh" "$root/start" || return 1
    tar -C "$root" -c . | own_podman import --change 'ENTRYPOINT ["/start"]' \
        --change "EXPOSE $(port_of "$name")" - "$(image_of "$name")" || return 1
    rm -rf "$root"
}

# image_of NAME, port_of NAME
image_of() { printf 'localhost/justrunit-test-%s:latest' "$1"; }
port_of() { case $1 in postgres) echo 5432 ;; rabbitmq) echo 5672 ;; mariadb) echo 3306 ;; tomcat) echo 8009 ;; esac; }

build() {
    local name
    for name; do
        [[ " ${ALL[*]} " == *" $name "* ]] || usage_error "build: '$name'; allowed are ${ALL[*]}"
    done
    step "Making a Debian root" make_base || fail "debootstrap failed"
    for name; do
        step "Making the image $(image_of "$name")" make_image "$name" || fail "the image $name could not be made"
    done
}

serve() {
    local name
    for name in "${ALL[@]}"; do
        own_podman image exists "$(image_of "$name")" || fail "no image $(image_of "$name"): build it first"
        printf 'JUSTRUNIT_TEST_IMAGE_%s=%s\n' "${name^^}" "$(image_of "$name")"
    done
    # The helper that removes what a killed run leaves comes as an image too, and is not to be had here.
    printf 'DOCKER_HOST=unix://%s\nTESTCONTAINERS_RYUK_DISABLED=true\nJUSTRUNIT_TEST_SERVERS=containers\n' "$SOCKET"
    rm -f "$SOCKET"
    CONTAINERS_CONF="$FOLDER/containers.conf" exec podman --runtime runc --root "$FOLDER/storage" --runroot "$FOLDER/run" \
        --cgroup-manager cgroupfs --events-backend file system service --time 0 "unix://$SOCKET"
}

remove() {
    [[ -e $FOLDER ]] || return 0
    own_podman rm --all --force >/dev/null 2>&1
    own_podman rmi --all --force >/dev/null 2>&1
    # A layer that is still mounted would be emptied through its mount.
    local mounted
    while read -r _ mounted _; do
        [[ $mounted != "$FOLDER"/* ]] || umount "$mounted"
    done < <(tac /proc/mounts)
    rm -rf "$FOLDER"
}

main() {
    local command=${1:-}
    (($# == 0)) || shift
    case $command in
        '' | -h | --help) print_help; return ;;
        build | serve | remove) ;;
        *) usage_error "'$command'; allowed are build, serve and remove" ;;
    esac
    [[ $EUID -eq 0 ]] || fail "$command: needs root"
    local program
    for program in podman runc debootstrap; do
        has_program "$program" || fail "$program is missing; apt-get install podman runc debootstrap"
    done
    prepare_folder
    case $command in
        build) if (($#)); then build "$@"; else build "${ALL[@]}"; fi ;;
        *) "$command" ;;
    esac
}

main "$@"
