#!/usr/bin/env python3
"""Keeps the history of a shop in a bucket of a real S3 server, beside the same shop on local disk.

    python tests/bucket/run.py --segops target/debug/segops [--keep FOLDER]

The same events go to two data folders, one with its history in the folder and one with it in the bucket. Previews,
analyses, SQL, timelines and verify have to say the same of both: at once, after a compaction, after `kill -9`, after a move
out of the bucket and back. What was read once must not be fetched again. A second process, another workspace, wrong credentials, a
bucket that is not there and a network that goes away have to be told in words, without a secret in them, and events have to
be taken all the same.

The server is moto's; that it refuses a second conditional put is tried first. Prints a line for each thing compared, and
exits with 1 on any difference. Needs tests/bucket/requirements.txt and tests/oracle/requirements.txt.
"""

import argparse
import base64
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import boto3
import botocore.exceptions
import duckdb

from gate import Gate

SECONDS_MAX = 180
BUCKET = "shop-history"
KEY, SECRET = "AKIASEGOPSTEST", "a-secret-that-must-not-be-told"
NOW = "2026-04-01T00:00:00Z"

RULES = [
    'did "Order Completed" >= 2 times in last 30 days',
    'did "Product Added" in last 14 days and not did "Order Completed" in last 14 days',
    'sum of total over "Order Completed" in last 60 days > 200',
    'everyone where country is "DE"',
]
QUERIES = [
    "SELECT count(*), count(DISTINCT profile), min(position), max(position) FROM events",
    "SELECT event, count(*), count(DISTINCT profile) FROM events GROUP BY event ORDER BY event",
    'SELECT event, sum("total:number"), count("total:number") FROM events GROUP BY event ORDER BY event',
    "SELECT position, profile, event, ts, message_id, properties FROM events WHERE profile < 20 ORDER BY position",
]


class Report:
    def __init__(self):
        self.compared = self.differences = 0

    def same(self, what, expected, seen):
        self.compared += 1
        if expected == seen:
            print(f"ok    {what}", flush=True)
            return
        self.differences += 1
        print(f"DIFFERS {what}\n  expected {str(expected)[:600]}\n  seen     {str(seen)[:600]}", flush=True)

    def holds(self, what, holds, seen=""):
        self.same(what, True, True if holds else seen or False)


class Storage:
    """A real S3 server on a free port, behind a gate."""

    def __init__(self, scratch):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.log = open(scratch / "moto.log", "w+")
        self.process = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                                        stdout=self.log, stderr=self.log)
        self.client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1",
                                   aws_access_key_id=KEY, aws_secret_access_key=SECRET)
        until = time.monotonic() + 60
        while True:
            try:
                self.client.create_bucket(Bucket=BUCKET)
                break
            except botocore.exceptions.EndpointConnectionError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
        self.gate = Gate(port, KEY)

    def keys(self, prefix=""):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def close(self):
        self.gate.close()
        self.process.terminate()
        self.process.wait(30)


class Segops:
    """The binary on one data folder, with its history where it is told."""

    def __init__(self, binary, folder, storage=None, url=None, key=KEY, endpoint=None, cache=None):
        self.binary, self.folder = binary, str(folder)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SEGOPS_"))}
        if storage:
            self.environment |= {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1",
                                 "AWS_ENDPOINT_URL": endpoint or storage.gate.url}
        if url:
            self.environment["SEGOPS_HISTORY_URL"] = url
        if cache is not None:
            self.environment["SEGOPS_HISTORY_CACHE_BYTES"] = str(cache)
        self.said = ""
        self.server = None

    def run(self, *arguments, check=True):
        command = [self.binary, *map(str, arguments), "--data", self.folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, env=self.environment)
        self.said += done.stdout + done.stderr
        if check and done.returncode != 0:
            raise SystemExit(f"{arguments} exited with {done.returncode}:\n{done.stderr or done.stdout}")
        return done

    def serve(self):
        command = [self.binary, "serve", "--data", self.folder, "--listen", "127.0.0.1:0", "--verify-every", "0"]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                       env={**self.environment, "SEGOPS_LOG": "debug,object_store=trace"})
        self.url = None
        for line in self.server.stdout:
            self.said += line
            if found := re.search(r"SegOps serves at (\S+)", line):
                self.url = found[1]
                break
        if self.url is None:
            self.server.wait(60)
            raise SystemExit(f"the server did not start:\n{self.said[-4000:]}")
        self.token = (pathlib.Path(self.folder) / "control" / "local.token").read_text().strip()

        def listen():
            for line in self.server.stdout:
                self.said += line

        threading.Thread(target=listen, daemon=True).start()
        return self

    def ask(self, method, path, body=None, headers=None):
        """The answer and its status, whatever it is."""
        request = urllib.request.Request(self.url + path, method=method,
                                         headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=SECONDS_MAX) as reply:
                text, status = reply.read().decode(), reply.status
        except urllib.error.HTTPError as error:
            text, status = error.read().decode(), error.code
        try:
            return status, json.loads(text)
        except json.JSONDecodeError:
            return status, text

    def send(self, events):
        key = self.ask("GET", "/api/v1/sources")[1]["data"][0]["write_key"]
        basic = base64.b64encode(f"{key}:".encode()).decode()
        request = urllib.request.Request(self.url + "/v1/batch", data=json.dumps({"batch": events}).encode(),
                                         headers={"Authorization": f"Basic {basic}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=SECONDS_MAX) as reply:
            return reply.status

    def metric(self, name):
        page = self.ask("GET", "/metrics")[1]
        return float(re.search(rf"^segops_{name} (\S+)$", page, re.MULTILINE)[1])

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        return self.server.wait(timeout=120)

    def kill(self):
        self.server.kill()
        self.server.wait(60)


def answers(shop):
    """Everything that is asked of a shop."""
    told, profiles = {}, []
    for rule in RULES:
        status, answer = shop.ask("POST", "/api/v1/segments/preview", {"rule": rule, "at": NOW, "sample": 5})
        profiles += [member["profile"] for member in answer.get("sample") or []]
        told[f"preview {rule}"] = (status, answer.get("counts"), answer.get("sample"))
    for query in QUERIES:
        status, answer = shop.ask("POST", "/api/v1/sql", {"query": query})
        told[f"SQL {query}"] = (status, answer.get("rows"))
    trend = {"trend": {"series": [{"event": {"text": "Order Completed"}}]}}
    status, answer = shop.ask("POST", "/api/v1/analyses", {"analysis": trend, "at": NOW})
    told["trend"] = (status, answer.get("answer", answer))
    for profile in sorted(set(profiles))[:3]:
        status, answer = shop.ask("GET", f"/api/v1/profiles/{profile}/events?limit=50")
        told[f"timeline of {profile}"] = (status, [(event["name"], event["ts"], event["message_id"]) for event in answer["data"]])
    return told


def compare(report, when, here, there):
    expected, seen = answers(here), answers(there)
    for question, answer in expected.items():
        report.holds(f"{when}: {question} is answered", answer[0] == 200, answer)
        report.same(f"{when}: {question}", answer, seen[question])


def purchases(first, count):
    return [{"type": "track", "event": "Order Completed", "userId": f"late-{number % 7}", "messageId": f"late-{number}",
             "timestamp": f"2026-03-{1 + number % 28:02}T10:00:00Z", "properties": {"total": 10 + number, "order_id": f"o{number}"}}
            for number in range(first, first + count)]


def conditional(storage, report):
    storage.client.put_object(Bucket=BUCKET, Key="tried", Body=b"1", IfNoneMatch="*")
    try:
        storage.client.put_object(Bucket=BUCKET, Key="tried", Body=b"2", IfNoneMatch="*")
        report.holds("the S3 server refuses a second conditional put", False)
    except botocore.exceptions.ClientError as error:
        report.same("the S3 server refuses a second conditional put", "PreconditionFailed", error.response["Error"]["Code"])


def told_at_start(storage, binary, scratch, report):
    """What is wrong with the place is said, with what to do."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    cases = [
        ("a stranger's key", {"url": f"s3://{BUCKET}/told", "key": "AKIASTRANGER"}, "check the credentials"),
        ("a bucket that is not there", {"url": "s3://no-such-bucket/told"}, "make the bucket"),
        ("an endpoint where nobody listens", {"url": f"s3://{BUCKET}/told", "endpoint": nobody}, "check the network"),
        ("a URL with credentials", {"url": f"s3://{KEY}:{SECRET}@{BUCKET}/told"}, "credentials and endpoint come from the environment"),
        ("a scheme that nobody knows", {"url": f"ftp://{BUCKET}/told"}, "s3://bucket/prefix"),
    ]
    for what, how, advice in cases:
        shop = Segops(binary, scratch / "told", storage, **how)
        begun = time.monotonic()
        done = shop.run("serve", "--listen", "127.0.0.1:0", check=False)
        report.holds(f"{what} is refused with what to do", done.returncode == 1 and advice in done.stderr, done.stderr)
        report.holds(f"{what} is told in time", time.monotonic() - begun < 60)
        report.holds(f"{what} brings no secret into the output", SECRET not in shop.said, shop.said)
    # None of these places is remembered.
    shop = Segops(binary, scratch / "told", storage, url=f"s3://{BUCKET}/told")
    report.same("the right place is taken after all of them", 0, shop.run("parts", "list").returncode)


def places(storage, binary, scratch, here, there, report):
    """A folder is opened with its own history, and a place by its own workspace."""
    folder = there.folder
    cases = [
        ("no place at all", folder, None, "--history-url s3://shop-history/segops"),
        ("another place", folder, f"s3://{BUCKET}/other", f"at s3://{BUCKET}/segops, and not at s3://{BUCKET}/other"),
        ("a place, where the history is in the folder", here.folder, f"s3://{BUCKET}/other", "segops parts move"),
        ("another workspace's place", scratch / "stranger", f"s3://{BUCKET}/segops", "holds the history of another workspace"),
    ]
    for what, data, url, advice in cases:
        done = Segops(binary, data, storage, url=url).run("import", scratch / "events.ndjson", check=False)
        report.holds(f"{what} is refused with what to do", done.returncode == 1 and advice in done.stderr, done.stderr)


def outage(there, storage, report):
    """The network goes away: events are taken, questions are answered with what is wrong, and all is well after."""
    rule = 'did "Product Viewed" >= 3 times in last 45 days'
    ask = {"rule": rule, "at": NOW, "sample": 1}
    _, before = there.ask("POST", "/api/v1/segments/preview", ask)
    profile = before["sample"][0]["profile"]
    storage.gate.is_shut = True
    report.same("away: events are taken", 200, there.send(purchases(1_000, 50)))
    for what, (status, answer) in {
        "a preview": there.ask("POST", "/api/v1/segments/preview", ask),
        "SQL": there.ask("POST", "/api/v1/sql", {"query": QUERIES[3]}),
        "a timeline": there.ask("GET", f"/api/v1/profiles/{profile}/events"),
        "a compaction": there.ask("POST", "/api/v1/parts/compact"),
    }.items():
        report.same(f"away: {what} is answered 503", (503, "urn:segops:problem:history-unreachable"), (status, answer.get("type")))
        report.holds(f"away: {what} says what to do", "check the network" in answer.get("detail", ""), answer)
    report.same("away: the server says so itself", 0, there.metric("parts_up"))
    report.same("away: it is ready for events", 200, there.ask("GET", "/readyz")[0])
    status, segment = there.ask("POST", "/api/v1/segments", {"name": "Made while away", "rule": RULES[0]})
    report.same("away: a segment is saved", 201, status)
    storage.gate.is_shut = False
    report.same("back: a compaction takes everything in", 200, there.ask("POST", "/api/v1/parts/compact")[0])
    report.same("back: nothing is in memory", 0, there.metric("tail_rows"))
    report.same("back: the server says so itself", 1, there.metric("parts_up"))
    _, after = there.ask("POST", "/api/v1/segments/preview", ask)
    report.same("back: the same preview as before", before["counts"], after.get("counts"))
    until, live = time.monotonic() + 60, None
    while time.monotonic() < until and live != "live":
        live = there.ask("GET", f"/api/v1/segments/{segment['segment']['id']}")[1].get("status")
    report.same("back: the segment that was saved is primed and live", "live", live)


def fight(storage, binary, scratch, there, report):
    """A copy of the data folder on another machine: one of the two writes, and the other is told for good."""
    copy = scratch / "copy"
    shutil.copytree(there.folder, copy, ignore=shutil.ignore_patterns("LOCK", "server.json"))
    other = Segops(binary, copy, storage, url=f"s3://{BUCKET}/segops").serve()
    other.send(purchases(2_000, 5))
    report.same("of two, the one that writes first goes on", 200, other.ask("POST", "/api/v1/parts/compact")[0])
    there.send(purchases(3_000, 5))
    for _ in range(2):
        status, answer = there.ask("POST", "/api/v1/parts/compact")
        report.same("of two, the other is refused", (503, "urn:segops:problem:history-taken"), (status, answer.get("type")))
    listed = there.ask("GET", "/api/v1/parts")[1]["summary"]["failure"] or ""
    report.holds("of two, the other says why", "another process has committed manifest" in listed, listed)
    report.same("of two, the first goes on writing", 200, other.ask("POST", "/api/v1/parts/compact?full=true")[0])
    report.same("what was written is whole", [], other.ask("POST", "/api/v1/parts/check")[1]["findings"])
    there.kill()
    return other


def with_duckdb(shop, storage, scratch, report):
    """The view is right for a tool that reads S3; here its files are brought to where DuckDB is."""
    _, view = shop.ask("GET", "/api/v1/parts/sql-view")
    root = f"s3://{BUCKET}/segops"
    report.holds("the view names the bucket", f"'{root}/parts/" in view, view)
    for key in storage.keys("segops/"):
        target = scratch / "mirror" / key.removeprefix("segops/")
        target.parent.mkdir(parents=True, exist_ok=True)
        storage.client.download_file(BUCKET, key, str(target))
    duck = duckdb.connect()
    duck.execute(view.replace(root, str(scratch / "mirror")))
    seen = [list(row) for row in duck.execute(QUERIES[1]).fetchall()]
    report.same("DuckDB counts the same by the view", shop.ask("POST", "/api/v1/sql", {"query": QUERIES[1]})[1]["rows"], seen)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--segops", required=True)
    parser.add_argument("--keep")
    arguments = parser.parse_args()
    binary, report = str(pathlib.Path(arguments.segops).resolve()), Report()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = pathlib.Path(arguments.keep or temporary)
        storage, started = Storage(scratch), []

        def serve(shop):
            started.append(shop)
            return shop.serve()

        try:
            conditional(storage, report)
            told_at_start(storage, binary, scratch, report)

            here = Segops(binary, scratch / "here")
            there = Segops(binary, scratch / "there", storage, url=f"s3://{BUCKET}/segops")
            events = scratch / "events.ndjson"
            here.run("simulate", "--customers", "300", "--days", "60", "--start", "2026-01-30T00:00:00Z", "--out", events)
            for shop in (here, there):
                shop.run("import", events)
            serve(here), serve(there)
            for shop in (here, there):
                shop.ask("POST", "/api/v1/parts/compact")
            there.stop()
            shutil.rmtree(scratch / "there" / "history-cache")
            serve(there)
            compare(report, "imported", here, there)
            _, listed = there.ask("GET", "/api/v1/parts")
            report.same("the parts are in the bucket", f"s3://{BUCKET}/segops", listed["place"])
            report.holds("the data folder has none of them", not (scratch / "there" / "history").exists())

            fetched = there.metric("history_fetches_total")
            report.holds("what was asked for was fetched", fetched > 3, fetched)
            compare(report, "asked again", here, there)
            report.same("asked again: nothing is fetched", fetched, there.metric("history_fetches_total"))

            for shop in (here, there):
                shop.send(purchases(0, 300))
                shop.ask("POST", "/api/v1/parts/compact?full=true")
            compare(report, "compacted", here, there)
            report.same("compacted: nothing is wrong with it", [], there.ask("POST", "/api/v1/parts/check")[1]["findings"])
            with_duckdb(there, storage, scratch, report)

            for shop in (here, there):
                shop.send(purchases(400, 100))
                shop.kill()
            serve(here), serve(there)
            compare(report, "killed and started again", here, there)
            for shop in (here, there):
                report.same("the server stops in order", 0, shop.stop())
            places(storage, binary, scratch, here, there, report)
            report.holds("verify agrees", there.run("verify").returncode == 0)
            report.holds("verify from parts agrees", there.run("verify", "--from", "parts").returncode == 0)
            report.holds("a check finds nothing", "0 findings" in there.run("parts", "check").stdout)

            there.run("parts", "move", f"s3://{BUCKET}/moved")
            moved = Segops(binary, there.folder, storage, url=f"s3://{BUCKET}/moved")
            report.holds("moved within the bucket", "0 findings" in moved.run("parts", "check").stdout)
            moved.run("parts", "move", "folder")
            serve(here)
            local = serve(Segops(binary, there.folder))
            compare(report, "moved out of the bucket", here, local)
            local.stop()
            local.run("parts", "move", f"file://{scratch}/disk")
            report.holds("moved to another folder", "0 findings" in Segops(binary, there.folder, url=f"file://{scratch}/disk").run("parts", "check").stdout)
            disk = Segops(binary, there.folder, storage, url=f"file://{scratch}/disk")
            refused = disk.run("parts", "move", f"s3://{BUCKET}/segops", check=False)
            report.holds("a place with an older history is not overwritten", "there is a history at" in refused.stderr, refused.stderr)
            for key in storage.keys("segops/"):
                storage.client.delete_object(Bucket=BUCKET, Key=key)
            disk.run("parts", "move", f"s3://{BUCKET}/segops")

            # Nothing is kept of the bucket, so that every question asks it.
            uncached = serve(Segops(binary, there.folder, storage, url=f"s3://{BUCKET}/segops", cache=0))
            compare(report, "moved back, and not cached", here, uncached)
            outage(uncached, storage, report)
            started.append(fight(storage, binary, scratch, uncached, report))
            for shop in [*started, here, there]:
                report.holds("no secret is in what was said", SECRET not in shop.said)
        finally:
            for shop in started:
                if shop.server and shop.server.poll() is None:
                    shop.kill()
            storage.close()
    print(f"{report.compared} compared, {report.differences} differ")
    sys.exit(1 if report.differences else 0)


if __name__ == "__main__":
    main()
