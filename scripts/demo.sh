#!/usr/bin/env bash
# Builds SegOps, makes a demo workspace with a simulated shop and a few segments, and serves it with traffic.
#
#   SEGOPS_DEMO_DATA       the workspace's folder; delete it to start afresh  (demo-data)
#   SEGOPS_DEMO_CUSTOMERS  how many customers the shop has                    (1000)
#   SEGOPS_DEMO_DAYS       how many days of history                           (120)
#   SEGOPS_LISTEN          the address to serve at                            (127.0.0.1:8123)
#   SEGOPS_DEMO_LIVE       events a second of live traffic; 0 for none        (5)
set -euo pipefail
cd "$(dirname "$0")/.."

data="${SEGOPS_DEMO_DATA:-demo-data}"
customers="${SEGOPS_DEMO_CUSTOMERS:-1000}"
days="${SEGOPS_DEMO_DAYS:-120}"
listen="${SEGOPS_LISTEN:-127.0.0.1:8123}"
live="${SEGOPS_DEMO_LIVE:-5}"

if ! command -v cargo >/dev/null; then
    echo "SegOps is built with Rust, and there is no cargo here; install it from https://rustup.rs" >&2
    exit 1
fi

# The development profile: optimised enough for a demo, and built in a fraction of a release's time.
echo "building (some minutes the first time)"
cargo build --package segops-server --locked
segops="$(scripts/binary.sh debug)"

# The folder gets its name only once everything is in it, so that an interrupted start is begun again.
if [ ! -d "$data" ]; then
    making="$data.making"
    rm -rf "$making"
    echo "making a shop with $customers customers and $days days of history"
    "$segops" simulate --data "$making" --customers "$customers" --days "$days"
    "$segops" segment create "Repeat buyers" \
        'did "Order Completed" >= 2 times in last 90 days' --data "$making" >/dev/null
    "$segops" segment create "Abandoned cart" \
        'everyone where did "Product Added" in last 24 hours and did not "Order Completed" in last 24 hours' \
        --data "$making" >/dev/null
    "$segops" segment create "Slipping away" \
        'did "Order Completed" >= 2 times and did not any event in last 30 days' --data "$making" >/dev/null
    # What moves every few seconds, for whoever watches.
    "$segops" segment create "On the site now" \
        'everyone where did any event in last 2 minutes' --data "$making" >/dev/null
    mv "$making" "$data"
fi

"$segops" serve --data "$data" --listen "$listen" &
server=$!
traffic=""
stop() {
    trap - EXIT INT TERM
    # Either may have ended by itself.
    [ -z "$traffic" ] || kill "$traffic" 2>/dev/null || true
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
}
trap stop EXIT
trap 'stop; exit 0' INT TERM

url=""
for _ in $(seq 1 600); do
    if ! kill -0 "$server" 2>/dev/null; then
        echo "the server ended; its own message is above" >&2
        exit 1
    fi
    if [ -f "$data/control/server.json" ]; then
        url="$(sed -E 's/.*"url":"([^"]+)".*/\1/' "$data/control/server.json")"
        if "$segops" status --url "$url" --data "$data" >/dev/null 2>&1; then
            break
        fi
    fi
    sleep 0.1
done

if [ "$live" != 0 ]; then
    "$segops" simulate --data "$data" --live --rate "$live" >/dev/null 2>&1 &
    traffic=$!
fi

cat <<END

  SegOps is at $url
  The API's description: $url/api/v1/openapi.json

  Three things to try, in another terminal:

  1. Count a rule over all of history:
     $segops segment preview 'did "Order Completed" >= 3 times in last 90 days' --data $data

  2. Watch people enter and leave segments while they shop:
     $segops transitions --follow --data $data

  3. Hold live membership against a rebuild from raw events:
     $segops verify --data $data

  Ctrl-C stops it. What it knows is in $data/; delete that folder to start afresh.

END
wait "$server"
