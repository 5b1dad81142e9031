#!/usr/bin/env bash
# Starts the one member of the replica set. With accounts, MongoDB wants a key its members know
# each other by; this member has no others, so it makes its own and keeps it.
set -euo pipefail

readonly key=/data/configdb/replica.key

if [ ! -s "$key" ]; then
    head -c 256 /dev/urandom | base64 -w 0 >"$key"
fi
chown mongodb:mongodb "$key"
chmod 400 "$key"

exec docker-entrypoint.sh mongod --replSet rs0 --bind_ip_all --keyFile "$key"
