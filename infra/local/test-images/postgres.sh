#!/bin/bash
# PostgreSQL: POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB as of the image 'postgres'; arguments are the server's.
set -e
data=/var/lib/postgresql/data
user=${POSTGRES_USER:-postgres}
programs=$(echo /usr/lib/postgresql/*/bin)
PATH="$programs:$PATH"
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
if [[ ! -e $data/PG_VERSION ]]; then
    mkdir -p "$data" /var/run/postgresql
    chown postgres:postgres "$data" /var/run/postgresql
    printf '%s' "${POSTGRES_PASSWORD:?}" >/password
    chmod 644 /password
    as_postgres initdb -D "$data" -U "$user" -A scram-sha-256 --pwfile /password -E UTF8 --no-sync
    rm /password
    echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
    # Databases are made by a server that only this script reaches: who connects from outside finds them.
    echo "CREATE DATABASE \"${POSTGRES_DB:-$user}\"" >/tmp/create
    [[ ${POSTGRES_DB:-$user} == postgres ]] || as_postgres postgres --single -D "$data" postgres </tmp/create
fi
[[ ${1:-} != postgres ]] || shift
exec setpriv --reuid=postgres --regid=postgres --init-groups "$programs/postgres" -D "$data" -h '*' "$@"
