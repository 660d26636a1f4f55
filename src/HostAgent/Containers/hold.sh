#!/bin/sh
# shellcheck disable=SC2317 # until_not calls what it is given
# Holds a container while it moves, and outlives its agent: whatever happens to that, the container ends when it was given, and runs
# on, reachable, when it was not, or when nobody decides in time (at-the-instant.sh).
#
# hold.sh CRIU..., with
#   JUSTRUNIT_PROCESS     the container's first process
#   JUSTRUNIT_PROCESSES   file with a line for each of its processes
#   JUSTRUNIT_RECORD      path of the record of whose it is, without its state
#   JUSTRUNIT_OFFERED     state in which it is while nothing is decided
#   JUSTRUNIT_GIVEN       states, with spaces between them, in which the record is once it was given
#   JUSTRUNIT_NAMESPACE   its network namespace
#   JUSTRUNIT_INSIDE      its device in there
#   JUSTRUNIT_OUTSIDE     the host's end of its pair of devices
#   JUSTRUNIT_ADDRESS     its address
#   JUSTRUNIT_MAC         its hardware address
#
# What belongs to the kernel alone is in no image of CRIU's: a connection that is being opened, one that the program has not accepted
# yet, and what the program has sent on a connection that it has closed since. So first no new connection gets in, until those before
# are with the program; then the program stops, until what it has closed is with its clients; and then nothing gets in or out.
#
# While it holds the container nobody is served: it goes before everything that is not of real time (sched(7)), where that is allowed.
chrt --rr 1 true 2>/dev/null && chrt --rr --pid 1 $$
accepting=200
stops=10
draining=25

# Kernel documentation, networking/ip-sysctl, arp_ignore: 8 answers for no address.
answer() {
    ip netns exec "$JUSTRUNIT_NAMESPACE" sh -c "echo $1 > /proc/sys/net/ipv4/conf/$JUSTRUNIT_INSIDE/arp_ignore"
}

# hold_new: who opens a connection is not answered, and asks again after a second.
hold_new() {
    ip netns exec "$JUSTRUNIT_NAMESPACE" nft -f - <<NFT
table inet justrunit_hold {
    chain new {
        type filter hook prerouting priority raw; policy accept;
        iifname "$JUSTRUNIT_INSIDE" tcp flags & (syn | ack | rst | fin) == syn drop
    }
}
NFT
}

# hold_all: the host asks for its hardware address, and is not told, also not by what the container sends; so it keeps what it has to
# send, and refuses nothing.
hold_all() {
    answer 8
    ip -netns "$JUSTRUNIT_NAMESPACE" link set "$JUSTRUNIT_INSIDE" arp off
    ip neigh flush dev "$JUSTRUNIT_OUTSIDE"
}

# is_delivering: whether the host has learnt the hardware address all the same.
is_delivering() {
    ip neigh show "$JUSTRUNIT_ADDRESS" dev "$JUSTRUNIT_OUTSIDE" | grep -q lladdr
}

# signal NAME: to each of its processes.
signal() {
    while read -r process; do kill -s "$1" "$process" 2>/dev/null; done <"$JUSTRUNIT_PROCESSES"
}

# runs: whether a thread of its processes has not stopped yet.
runs() {
    while read -r process; do
        ! grep -qs '^State:[[:space:]]*[RSDI]' "/proc/$process/task/"*/status || return 0
    done <"$JUSTRUNIT_PROCESSES"
    return 1
}

# release: lets it run and both sides go, and delivers what was held.
release() {
    signal CONT
    ip netns exec "$JUSTRUNIT_NAMESPACE" nft delete table inet justrunit_hold 2>/dev/null
    ip -netns "$JUSTRUNIT_NAMESPACE" link set "$JUSTRUNIT_INSIDE" arp on
    answer 0
    ip neigh replace "$JUSTRUNIT_ADDRESS" lladdr "$JUSTRUNIT_MAC" dev "$JUSTRUNIT_OUTSIDE" nud reachable
}

# give_up REASON
give_up() {
    release
    echo "Error (move): $1" >&2
    exit 1
}

# sockets CONDITION: whether a TCP socket of the container's is in that state (proc_net_tcp).
sockets() {
    awk "$1"' { n = 1 } END { exit !n }' "/proc/$JUSTRUNIT_PROCESS/net/tcp" "/proc/$JUSTRUNIT_PROCESS/net/tcp6"
}

# opening: being opened, or not accepted yet.
# shellcheck disable=SC2016 # the fields are awk's
opening() { sockets '$4 == "03" || $4 == "0A" && $5 !~ /:00000000$/'; }

# closing: no process has it any more (its inode is 0), and its other side has not acknowledged all that was sent: FIN_WAIT1, LAST_ACK,
# CLOSING. Whose other side has answered nothing to five repetitions is gone, and gets nothing any more wherever it is.
# shellcheck disable=SC2016 # the fields are awk's
closing() { sockets '$4 ~ /^(04|09|0B)$/ && $10 == 0 && substr($7, 7) <= "05"'; }

# still_runs: stops its processes again, for one may have been made by another meanwhile, and says whether one runs.
still_runs() {
    signal STOP
    runs
}

# still_delivering: holds all, and says whether something gets through all the same.
still_delivering() {
    hold_all
    is_delivering
}

# check_offered: nobody waits for it once the move is withdrawn.
check_offered() { [ -e "$JUSTRUNIT_RECORD$JUSTRUNIT_OFFERED" ] || give_up 'it was withdrawn'; }

# under_way: what would be lost: a program's connections to itself come through no device that is held.
under_way() { opening || closing; }

# until_not WHAT ROUNDS: whether it ceases within so many times 10 ms.
until_not() {
    n=0
    while "$1"; do
        n=$((n + 1))
        [ $n -lt "$2" ] || return 1
        check_offered
        sleep 0.01
    done
}

stopped=0
while :; do
    hold_new || give_up 'new connections cannot be held'
    until_not opening $accepting || give_up 'the program does not accept its connections'
    until_not still_runs $accepting || give_up 'the program does not stop'
    until_not under_way $draining && break
    # A client that reads slowly: others must not wait for it.
    release
    stopped=$((stopped + 1))
    [ $stopped -lt $stops ] || give_up 'its clients do not read what it has sent on connections that it has closed'
    sleep 0.25
done
check_offered
until_not still_delivering $accepting || give_up 'what is sent to it cannot be held'
"$@"
code=$?
for state in $JUSTRUNIT_GIVEN; do
    [ -e "$JUSTRUNIT_RECORD$state" ] && exit 0
done
release
exit $code
