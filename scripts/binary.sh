#!/usr/bin/env bash
# Prints where cargo puts a binary: `binary.sh debug|release [name]`.
set -euo pipefail
cd "$(dirname "$0")/.."

profile="$1"
name="${2:-segops}"
target="$(cargo metadata --no-deps --offline --format-version 1 | sed -E 's/.*"target_directory":"([^"]+)".*/\1/')"
echo "$target/$profile/$name"
