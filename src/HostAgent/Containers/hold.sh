#!/bin/sh
# Holds a container while it moves, and outlives its agent: whatever happens to that, the container ends when it was given, and runs
# on, reachable, when it was not, or when nobody decides in time (at-the-instant.sh).
#
# hold.sh CRIU..., with
#   JUSTRUNIT_PROCESS     the container's first process
#   JUSTRUNIT_RECORD      path of the record of whose it is, without its state
#   JUSTRUNIT_GIVEN       states, with spaces between them, in which the record is once it was given
#   JUSTRUNIT_NAMESPACE   its network namespace
#   JUSTRUNIT_INSIDE      its device in there
#   JUSTRUNIT_OUTSIDE     the host's end of its pair of devices
#   JUSTRUNIT_ADDRESS     its address
#   JUSTRUNIT_MAC         its hardware address
rounds=200

# Kernel documentation, networking/ip-sysctl, arp_ignore: 8 answers for no address.
answer() {
    ip netns exec "$JUSTRUNIT_NAMESPACE" sh -c "echo $1 > /proc/sys/net/ipv4/conf/$JUSTRUNIT_INSIDE/arp_ignore"
}

# hold_incoming: the host asks for its hardware address, and is not told; so it keeps what it has to send, and refuses nothing.
hold_incoming() {
    answer 8
    ip neigh flush dev "$JUSTRUNIT_OUTSIDE"
}

# hold_outgoing: what the container sends could tell the host its hardware address.
hold_outgoing() {
    ip -netns "$JUSTRUNIT_NAMESPACE" link set "$JUSTRUNIT_INSIDE" arp off
}

# is_delivering: whether the host has learnt the hardware address all the same.
is_delivering() {
    ip neigh show "$JUSTRUNIT_ADDRESS" dev "$JUSTRUNIT_OUTSIDE" | grep -q lladdr
}

# release: lets both sides go, and delivers what was held.
release() {
    ip -netns "$JUSTRUNIT_NAMESPACE" link set "$JUSTRUNIT_INSIDE" arp on
    answer 0
    ip neigh replace "$JUSTRUNIT_ADDRESS" lladdr "$JUSTRUNIT_MAC" dev "$JUSTRUNIT_OUTSIDE" nud reachable
}

# sockets CONDITION: whether a TCP socket of the container's is in that state (proc_net_tcp).
sockets() {
    awk "$1"' { n = 1 } END { exit !n }' "/proc/$JUSTRUNIT_PROCESS/net/tcp" "/proc/$JUSTRUNIT_PROCESS/net/tcp6"
}

# shellcheck disable=SC2016 # the fields are awk's
handshakes() { sockets '$4 == "03"'; }

# shellcheck disable=SC2016 # the fields are awk's
unaccepted() { sockets '$4 == "0A" && $5 !~ /:00000000$/'; }

# still_coming: holds it, and says whether something got through meanwhile.
still_coming() {
    hold_incoming
    handshakes && return 0
    hold_outgoing
    is_delivering
}

# A connection that the kernel has accepted and the program has not cannot be written down: both must be through before.
n=0
while still_coming; do
    release
    n=$((n + 1))
    [ $n -lt $rounds ] || { echo 'Error (move): connections are being opened all the time' >&2; exit 1; }
    sleep 0.002
done
while unaccepted; do
    n=$((n + 1))
    [ $n -lt $rounds ] || { release; echo 'Error (move): the program does not accept its connections' >&2; exit 1; }
    sleep 0.01
done
"$@"
code=$?
for state in $JUSTRUNIT_GIVEN; do
    [ -e "$JUSTRUNIT_RECORD$state" ] && exit 0
done
release
exit $code
