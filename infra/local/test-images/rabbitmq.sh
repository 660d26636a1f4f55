#!/bin/bash
# RabbitMQ: RABBITMQ_DEFAULT_USER and RABBITMQ_DEFAULT_PASS as of the image 'rabbitmq', with the management interface.
set -e
mkdir -p /etc/rabbitmq /var/lib/rabbitmq /var/log/rabbitmq
{
    printf 'default_user = %s\ndefault_pass = %s\n' "${RABBITMQ_DEFAULT_USER:-guest}" "${RABBITMQ_DEFAULT_PASS:-guest}"
    printf 'loopback_users = none\nlisteners.tcp.default = 5672\nlog.console = true\nlog.file = false\n'
} >/etc/rabbitmq/rabbitmq.conf
echo '[rabbitmq_management].' >/etc/rabbitmq/enabled_plugins
chown -R rabbitmq:rabbitmq /etc/rabbitmq /var/lib/rabbitmq /var/log/rabbitmq
export HOME=/var/lib/rabbitmq RABBITMQ_NODENAME=rabbit@localhost
exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups /usr/lib/rabbitmq/bin/rabbitmq-server "$@"
