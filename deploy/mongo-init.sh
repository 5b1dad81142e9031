#!/usr/bin/env bash
# Hands the script to mongosh with the passwords in the environment, not on the command line.
set -euo pipefail

exec mongosh --quiet --norc --nodb /etc/estateline/mongo-init.js
