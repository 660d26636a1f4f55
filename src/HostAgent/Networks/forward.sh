#!/bin/sh
# Makes the network namespace that it runs in a gateway for IPv4, and leaves it no IPv6.
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
