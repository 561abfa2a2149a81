"""Sends the scripted traffic through a real SDK and prints one line of JSON: what was sent, what was
delivered, and the errors that the SDK reported.

    SEGOPS_URL=http://127.0.0.1:8080 SEGOPS_WRITE_KEY=... python drive.py segment|segment-gzip|rudder [everyday|large]
"""

import json
import os
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

SCENARIOS = json.loads((Path(__file__).parent.parent / "scenario.json").read_text(encoding="utf-8"))
NAMES = {"segment": "segment-python", "segment-gzip": "segment-python-gzip", "rudder": "rudder-python"}
# As in scenario.js.
TEXT = "x" * 30_000


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in NAMES:
        sys.exit("usage: SEGOPS_URL=... SEGOPS_WRITE_KEY=... python drive.py segment|segment-gzip|rudder [everyday|large]")
    name = NAMES[sys.argv[1]]
    failed = 0
    messages = set()

    def on_error(error, batch):
        nonlocal failed
        failed += len(batch)
        messages.add(str(error))

    client = open_client(sys.argv[1], os.environ["SEGOPS_WRITE_KEY"], os.environ["SEGOPS_URL"], on_error)
    calls = scripted_calls(name, SCENARIOS[sys.argv[2] if len(sys.argv) == 3 else "everyday"])
    for call in calls:
        send(client, call)
    client.flush()
    client.join()

    counts = Counter(call["type"] for call in calls)
    counts["total"] = len(calls)
    print(
        json.dumps(
            {
                "client": name,
                "sent": counts,
                "delivered": len(calls) - failed,
                "errors": failed,
                "messages": sorted(messages),
            }
        )
    )


def open_client(name, write_key, url, on_error):
    if name == "rudder":
        from rudderstack.analytics.client import Client

        return Client(write_key, host=url, on_error=on_error)
    from segment.analytics.client import Client

    return Client(write_key, host=url, on_error=on_error, gzip=name == "segment-gzip")


def scripted_calls(client, scenario):
    """The calls in order. Each client's customers are its own, so that clients can be counted apart."""
    calls = []
    for n in range(scenario["customers"]):
        for template in scenario["calls"]:
            text = json.dumps(template).replace("{client}", client).replace("{n}", str(n)).replace("{text}", TEXT)
            call = json.loads(text)
            times = call.pop("times", 1)
            calls.extend([call] * times)
    return calls


def send(client, call):
    who = {"user_id": call.get("userId"), "anonymous_id": call.get("anonymousId")}
    kind = call["type"]
    if kind == "track":
        timestamp = call.get("timestamp")
        client.track(
            **who,
            event=call["event"],
            properties=call["properties"],
            timestamp=datetime.fromisoformat(timestamp.replace("Z", "+00:00")) if timestamp else None,
        )
    elif kind == "identify":
        client.identify(**who, traits=call["traits"])
    elif kind == "page":
        client.page(**who, name=call["name"], properties=call["properties"])
    elif kind == "screen":
        client.screen(**who, name=call["name"], properties=call["properties"])
    elif kind == "group":
        client.group(**who, group_id=call["groupId"], traits=call["traits"])
    elif kind == "alias":
        client.alias(previous_id=call["previousId"], user_id=call["userId"])
    else:
        raise ValueError(f"no call of type {kind}")


if __name__ == "__main__":
    main()
