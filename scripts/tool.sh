#!/usr/bin/env bash
# Makes sure that a cargo tool is there: `tool.sh cargo-nextest FOLDER`. One that the machine lacks is built
# into FOLDER/bin, from the version that is tested here.
set -euo pipefail

tool="$1"
folder="$2"

case "$tool" in
    cargo-nextest) version="0.9" ;;
    cargo-deny) version="0.20" ;;
    *) echo "tool.sh: no version is known for $tool; add it here" >&2; exit 1 ;;
esac

if command -v "$tool" >/dev/null; then
    exit 0
fi
echo "building $tool, once (a few minutes)"
cargo install "$tool" --version "^$version" --locked --quiet --root "$folder"
