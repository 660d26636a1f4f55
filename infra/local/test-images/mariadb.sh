#!/bin/bash
# MariaDB: MARIADB_ROOT_PASSWORD as of the image 'mariadb'; arguments are the server's.
set -e
data=/data
if [[ ! -e $data/mysql ]]; then
    mkdir -p "$data" /run/mysqld
    chown mysql:mysql "$data" /run/mysqld
    mariadb-install-db --no-defaults --datadir="$data" --user=mysql --auth-root-authentication-method=normal --skip-test-db
    cat >/init.sql <<SQL
CREATE USER root@'%' IDENTIFIED BY '${MARIADB_ROOT_PASSWORD:?}';
GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
SQL
    chmod 644 /init.sql
    set -- --init-file=/init.sql "$@"
fi
exec mariadbd --no-defaults --user=mysql --datadir="$data" --bind-address='*' "$@"
