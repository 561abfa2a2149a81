#!/usr/bin/env python3
"""Imports the same orders as Parquet, JSON lines and CSV, and holds what comes of each against the others.

    python tests/import/run.py --segops target/debug/segops [--keep FOLDER]

pyarrow and DuckDB write the files, with each of their codecs. Whatever the file, the events, their ids and what is turned away
have to be the same, row by row. Then files that lie: cut, with wrong bytes, with a row group of half a million rows, and of
random tables; a server has to answer each in words, within its memory, and go on.

Prints a line for each thing compared, and exits with 1 on any difference. Needs tests/oracle/requirements.txt.
"""

import argparse
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import numpy
import pyarrow
import pyarrow.csv
import pyarrow.parquet

import data

SECONDS_MAX = 300
ROWS = 1_200
EVENTS = ("SELECT event, ts, message_id, anchor_kind, anchor_value, properties, identifiers FROM events ORDER BY position")
# What a column of text in CSV can say as well.
PLAIN = ["order_id", "customer", "email", "total", "quantity", "gift", "country", "day"]
PLAIN_MAPPING = {
    "name": "plain", "event": {"name": "Order Completed"}, "time": {"columns": ["day"]},
    "identifiers": [{"column": "customer", "kind": "user_id"}, {"column": "email", "kind": "email"}],
    "properties": [{"column": "total", "type": "number"}, {"column": "quantity", "type": "number"},
                   {"column": "gift", "type": "boolean"}, {"column": "country", "type": "text"}],
    "id_columns": ["order_id"],
}


class Report:
    def __init__(self):
        self.compared = self.differences = 0

    def same(self, what, expected, seen):
        self.compared += 1
        if expected == seen:
            print(f"ok    {what}", flush=True)
            return
        self.differences += 1
        print(f"DIFFERS {what}\n  expected {str(expected)[:700]}\n  seen     {str(seen)[:700]}", flush=True)

    def holds(self, what, holds, seen=""):
        self.same(what, True, True if holds else seen or False)


class Segops:
    def __init__(self, binary, scratch):
        self.binary, self.scratch, self.folders = binary, scratch, 0

    def run(self, *arguments):
        command = [self.binary, *map(str, arguments), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX)
        if done.returncode != 0:
            raise SystemExit(f"{command} exited with {done.returncode}:\n{done.stderr or done.stdout}")
        return json.loads(done.stdout)

    def imported(self, file, mapping):
        """What a new workspace has of a file: the report, the events, and what was turned away."""
        self.folders += 1
        folder, written = self.scratch / f"data{self.folders}", self.scratch / f"mapping{self.folders}.json"
        written.write_text(json.dumps(mapping))
        report = self.run("import", file, "--mapping", written, "--data", folder)
        events = self.run("sql", EVENTS, "--rows", 100_000, "--data", folder)
        rejections = self.run("rejections", "--data", folder, "--limit", 1_000)
        rejected = [(one["code"], one["place"].split(" (")[0], one["message"]) for one in rejections["data"]]
        counts = {name: report[name] for name in ["rows", "accepted_rows", "rejected_rows", "events", "duplicates"]}
        return counts, [row for row in events["rows"]], rejected


def writers(rows, scratch):
    """Files of the same rows, by each writer with each codec."""
    for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
        path = scratch / f"pyarrow-{codec}.parquet"
        data.write_pyarrow(rows, path, compression=codec, row_group_size=250)
        yield f"pyarrow, {codec}", path
    path = scratch / "pyarrow-v2.parquet"
    data.write_pyarrow(rows, path, compression="snappy", data_page_version="2.0", version="2.6", data_page_size=512,
                       use_dictionary=False, column_encoding={"order_id": "DELTA_BYTE_ARRAY", "customer": "DELTA_BINARY_PACKED"})
    yield "pyarrow, data pages of version 2 with delta encodings", path
    path = scratch / "pyarrow-v1.parquet"
    data.write_pyarrow([{**row, "placed": row["placed"].replace(microsecond=row["placed"].microsecond // 1000 * 1000)} for row in rows],
                       path, version="1.0", use_deprecated_int96_timestamps=False)
    yield "pyarrow, format version 1.0", path
    for codec in ["uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4_raw"]:
        path = scratch / f"duckdb-{codec}.parquet"
        data.write_duckdb(rows, path, codec)
        yield f"DuckDB, {codec}", path


def same_events(segops, scratch, report):
    rows = data.orders(ROWS)
    lines = scratch / "orders.ndjson"
    data.write_ndjson(rows, lines)
    expected = segops.imported(lines, {**data.MAPPING, "format": "ndjson", "properties": [
        *data.MAPPING["properties"]]})
    report.same("JSON lines: rows without a customer are turned away", ROWS // 50, expected[0]["rejected_rows"])
    report.same("JSON lines: all others are events", ROWS - ROWS // 50, len(expected[1]))
    for what, path in writers(rows, scratch):
        counts, events, rejected = segops.imported(path, data.MAPPING)
        report.same(f"{what}: as many rows, events and rejections", expected[0], counts)
        first = next((pair for pair in zip(expected[1], events) if pair[0] != pair[1]), None)
        report.holds(f"{what}: the same events", events == expected[1], first)
        report.same(f"{what}: the same rejections of the same rows", expected[2], rejected)


def as_csv(segops, scratch, report):
    """One mapping, made for CSV, reads the Parquet file as well."""
    table = data.table(data.orders(ROWS)).select(PLAIN)
    plain = table.set_column(table.schema.get_field_index("country"), "country", table["country"].cast(pyarrow.string()))
    pyarrow.csv.write_csv(plain, scratch / "plain.csv")
    pyarrow.parquet.write_table(table, scratch / "plain.parquet")
    expected = segops.imported(scratch / "plain.csv", PLAIN_MAPPING)
    found = segops.imported(scratch / "plain.parquet", PLAIN_MAPPING)
    for what, one, other in zip(["counts", "events", "rejections"], expected, found):
        report.same(f"CSV and Parquet by one mapping: the same {what}", one, other)


def tracking(segops, scratch, report):
    """Events of the tracking API as rows, without a mapping."""
    events = [{"type": "track", "event": "Product Viewed", "userId": f"u{number % 5}", "messageId": f"m{number}",
               "timestamp": f"2026-01-0{1 + number % 9}T00:00:00Z", "properties": {"price": number / 4, "sku": f"s{number}"}}
              for number in range(40)]
    lines, table = scratch / "tracking.ndjson", scratch / "tracking.parquet"
    lines.write_text("".join(json.dumps(event) + "\n" for event in events))
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(events), table)
    seen = []
    for file in (lines, table):
        folder = scratch / f"of-{file.name}"
        report.same(f"{file.name}: all are taken", 40, segops.run("import", file, "--data", folder)["events"])
        report.same(f"{file.name}: a second time nothing is", True, segops.run("import", file, "--data", folder)["already_imported"])
        seen.append(segops.run("sql", EVENTS, "--data", folder)["rows"])
    report.same("tracking events: the same", *seen)


class Server:
    def __init__(self, binary, folder):
        command = [binary, "serve", "--data", str(folder), "--listen", "127.0.0.1:0", "--verify-every", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if found := re.search(r"SegOps serves at (\S+)", line):
                self.url = found[1]
                break
        self.token = (pathlib.Path(folder) / "control" / "local.token").read_text().strip()

    def tried(self, content, mapping):
        """What a dry run says of a file."""
        query = urllib.parse.urlencode({"dry_run": "true", "mapping": json.dumps(mapping)})
        request = urllib.request.Request(f"{self.url}/api/v1/imports?{query}", data=content, method="POST",
                                         headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/octet-stream"})
        try:
            with urllib.request.urlopen(request, timeout=SECONDS_MAX) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def peak_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) // 1024


def hostile(segops, scratch, report):
    server = Server(segops.binary, scratch / "hostile")
    try:
        rows = data.orders(200)
        data.write_pyarrow(rows, scratch / "small.parquet", compression="zstd", row_group_size=64)
        content = (scratch / "small.parquet").read_bytes()
        status, told = server.tried(content, data.MAPPING)
        report.same("a dry run counts", (200, 200, 196), (status, told["rows"], told["accepted_rows"]))
        status, told = server.tried(content, {**data.MAPPING, "properties": [{"column": "nothing"}]})
        report.holds("a column that is not there is told with those that are",
                     status == 422 and "there is no column `nothing`; the file has `order_id`" in told["detail"], told)
        draws, seen = random.Random(7), {}
        for number in range(250):
            wrong = bytearray(content)
            if number % 3 == 0:
                del wrong[draws.randrange(len(wrong)):]
            for _ in range(draws.randrange(1, 6)):
                if wrong:
                    wrong[draws.randrange(len(wrong))] = draws.randrange(256)
            status, told = server.tried(bytes(wrong), data.MAPPING)
            seen[status] = seen.get(status, 0) + 1
            if status == 422 and "detail" not in told:
                report.holds("what is refused is refused in words", False, told)
        report.holds("files with wrong bytes are read or refused", set(seen) <= {200, 422} and seen.get(422, 0) > 50, seen)
        before = server.peak_mib()
        count = 500_000
        large = pyarrow.table({"order_id": numpy.arange(count).astype(str), "customer": numpy.arange(count),
                               "email": numpy.char.add(numpy.arange(count).astype(str), "@shop.example"),
                               "account": numpy.arange(count), "placed": numpy.full(count, numpy.datetime64("2026-01-01T00:00:00", "us")),
                               "note": numpy.full(count, "x" * 300), "local": numpy.full(count, None), "total": numpy.arange(count),
                               "address": numpy.full(count, None), "day": numpy.full(count, None)})
        pyarrow.parquet.write_table(large, scratch / "large.parquet", row_group_size=count, use_dictionary=False, compression="none")
        mapping = {**data.MAPPING, "properties": [{"column": "total", "type": "number"}], "rest": "properties"}
        status, told = server.tried((scratch / "large.parquet").read_bytes(), mapping)
        report.same("a row group of half a million rows is read", (200, count), (status, told.get("rows")))
        grown = server.peak_mib() - before
        report.holds(f"it takes memory for a batch ({grown} MiB for a file of {(scratch / 'large.parquet').stat().st_size >> 20})",
                     grown < 200, grown)
        report.same("the server goes on", None, server.process.poll())
    finally:
        server.process.kill()
        server.process.wait(60)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--segops", required=True)
    parser.add_argument("--keep")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scratch, report = pathlib.Path(arguments.keep or temporary), Report()
        segops = Segops(str(pathlib.Path(arguments.segops).resolve()), scratch)
        same_events(segops, scratch, report)
        as_csv(segops, scratch, report)
        tracking(segops, scratch, report)
        hostile(segops, scratch, report)
    print(f"{report.compared} compared, {report.differences} differ")
    sys.exit(1 if report.differences else 0)


if __name__ == "__main__":
    main()
