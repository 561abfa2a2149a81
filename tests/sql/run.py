#!/usr/bin/env python3
"""Holds SQL against DuckDB on the same history, reads every format back, and connects real PostgreSQL clients.

    python tests/sql/run.py --segops target/debug/segops [--keep FOLDER]

A simulated shop is served; its events are asked through `segops sql` and, over the generated view, by DuckDB: the
answers have to be equal, and derived events are what DuckDB makes of received ones with window functions. Parquet, Arrow and CSV are read back by pyarrow and pandas. psql, psycopg, pg8000, SQLAlchemy and
pandas then connect by the PostgreSQL protocol, are shown the tables, and are refused what does anything but read.

Prints a line for each thing compared, and exits with 1 on any difference. Needs tests/oracle/requirements.txt,
tests/sql/requirements.txt and psql.
"""

import argparse
import io
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import duckdb
import pandas
import pg8000.dbapi
import psycopg
import pyarrow.ipc
import pyarrow.parquet
import sqlalchemy

SECONDS_MAX = 180
ENDLESS = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b"

# The same question in both languages, where they differ.
QUESTIONS = [
    "SELECT count(*), count(DISTINCT profile), min(position), max(position) FROM events",
    "SELECT event, count(*), count(DISTINCT profile) FROM events GROUP BY event ORDER BY event",
    'SELECT event, sum("total:number"), count("total:number") FROM events GROUP BY event ORDER BY event',
    "SELECT date_trunc('month', ts) AS month, count(*) FROM events GROUP BY 1 ORDER BY 1",
    "SELECT profile, count(*) AS n FROM events WHERE event = 'Order Completed' GROUP BY 1 ORDER BY n DESC, 1 LIMIT 20",
    "SELECT count(*) FROM events WHERE ts >= TIMESTAMP '2026-01-01T00:00:00Z' AND event IN ('Product Viewed', 'Product Added')",
    "SELECT count(*) FROM (SELECT profile FROM events WHERE event = 'Product Viewed' INTERSECT"
    " SELECT profile FROM events WHERE event = 'Order Completed')",
    "SELECT count(*) FROM events a JOIN events b ON a.profile = b.profile AND b.ts > a.ts"
    " WHERE a.event = 'Product Added' AND b.event = 'Order Completed'",
    "SELECT kind, anchor_kind, count(*), min(ts), max(received_at) FROM events GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT profile, row_number() OVER (ORDER BY count(*) DESC, profile) AS rank FROM events GROUP BY profile ORDER BY 2 LIMIT 10",
]


class Report:
    def __init__(self):
        self.compared = self.differences = 0

    def same(self, what, expected, seen):
        self.compared += 1
        if expected == seen:
            print(f"ok    {what}")
            return
        self.differences += 1
        print(f"DIFFERS {what}\n  expected {str(expected)[:400]}\n  seen     {str(seen)[:400]}")

    def holds(self, what, holds, seen=""):
        self.same(what, True, bool(holds)) if holds else self.same(what, True, seen)


def run(binary, *arguments, **kwargs):
    done = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS_MAX, **kwargs)
    if done.returncode != 0:
        raise SystemExit(f"{arguments} exited with {done.returncode}:\n{done.stderr or done.stdout}")
    return done.stdout


class Server:
    """A served folder."""

    def __init__(self, binary, folder):
        command = [binary, "serve", "--data", folder, "--listen", "127.0.0.1:0", "--postgres-listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.port = None
        for line in self.process.stdout:
            if found := re.search(r"SegOps serves at (\S+)", line):
                self.url = found[1]
            if found := re.search(r"PostgreSQL connect at 127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        self.token = (pathlib.Path(folder) / "control" / "local.token").read_text().strip()
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def ask(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, method=method, headers={"Authorization": f"Bearer {self.token}"},
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=SECONDS_MAX) as reply:
            return reply.read()

    def sql(self, query, **more):
        return self.ask("POST", "/api/v1/sql", {"query": query, **more})

    def psql(self, *arguments, password=None, check=True):
        environment = {**os.environ, "PGPASSWORD": password or self.token, "PGCONNECT_TIMEOUT": "20"}
        command = ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "ann", "-d", "segops", "-X", "-A", "-t", "-P", "pager=off"]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=SECONDS_MAX, env=environment)
        if check and done.returncode != 0:
            return f"exit {done.returncode}: {done.stderr}"
        return done.stdout if check else done

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def plain(value):
    """A cell as both sides would write it."""
    if value is None or value is pandas.NaT:
        return None
    if hasattr(value, "timestamp"):
        moment = value if value.tzinfo else value.replace(tzinfo=__import__("datetime").timezone.utc)
        return round(moment.timestamp() * 1000)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z?", value):
        return round(pandas.Timestamp(value.rstrip("Z"), tz="UTC").timestamp() * 1000)
    if isinstance(value, (int, float)) or type(value).__name__ == "Decimal":
        return round(float(value), 6)
    return value


def rows_of(rows):
    return [tuple(plain(cell) for cell in row) for row in rows]


def against_duckdb(server, report):
    view = server.ask("GET", "/api/v1/parts/sql-view").decode()
    duck = duckdb.connect()
    duck.execute("SET TimeZone = 'UTC'")
    duck.execute(view)
    for question in QUESTIONS:
        expected = rows_of(duck.execute(question).fetchall())
        answer = json.loads(server.sql(question))
        report.same(f"DuckDB, {len(expected)} rows: {question[:90]}", expected, rows_of(answer["rows"]))


DERIVED = {
    "Session": "sessions of any event with gap of 30 minutes",
    "Shop Visit": 'sessions of ("Page Viewed", "Product Viewed") with gap of 1 hour',
    "Last View": 'last touch of "Product Viewed" before "Order Completed" within 7 days',
    "Dear Order": 'each "Order Completed" where total > 60 with total as worth',
}

SESSIONS = """
WITH gaps AS (
  SELECT profile, ts, position, event, CASE WHEN ts - lag(ts) OVER w < INTERVAL '{gap} minutes' THEN 0 ELSE 1 END AS begins
  FROM events WHERE {passes} WINDOW w AS (PARTITION BY profile ORDER BY ts, position)),
numbered AS (SELECT *, sum(begins) OVER (PARTITION BY profile ORDER BY ts, position) AS number FROM gaps)
SELECT profile, min(ts), max(ts), count(*), count(*) FILTER (WHERE event = 'Order Completed')
FROM numbered GROUP BY profile, number ORDER BY 1, 2"""

MADE = """SELECT profile, "started_at:date", "ended_at:date", "event_count:number", "order_count:number"
FROM derived_events WHERE event = '{name}' ORDER BY 1, 2"""


def derived_against_duckdb(server, report):
    """What DuckDB makes of the received events with window functions and joins."""
    for name, definition in DERIVED.items():
        server.ask("POST", "/api/v1/derived-events", {"name": name, "definition": definition})
    duck = duckdb.connect()
    duck.execute("SET TimeZone = 'UTC'")
    duck.execute(server.ask("GET", "/api/v1/parts/sql-view").decode())
    counted = "kind IN ('track', 'page', 'screen')"
    pairs = [
        ("sessions", SESSIONS.format(gap=30, passes=counted), MADE.format(name="Session")),
        ("sessions of two events", SESSIONS.format(gap=60, passes=f"{counted} AND event IN ('Page Viewed', 'Product Viewed')"),
         MADE.format(name="Shop Visit")),
        ("touches",
         """SELECT o.profile, o.ts, o.position, max(v.ts) FROM events o LEFT JOIN events v ON v.profile = o.profile
            AND v.event = 'Product Viewed' AND (v.ts, v.position) <= (o.ts, o.position) AND v.ts > o.ts - INTERVAL '7 days'
            WHERE o.event = 'Order Completed' GROUP BY 1, 2, 3 ORDER BY 3""",
         """SELECT profile, ts, position, "touch.at:date" FROM derived_events WHERE event = 'Last View' ORDER BY position"""),
        ("events under another name",
         """SELECT profile, ts, position, "total:number" FROM events
            WHERE event = 'Order Completed' AND "total:number" > 60 ORDER BY position""",
         """SELECT profile, ts, position, "worth:number" FROM derived_events WHERE event = 'Dear Order' ORDER BY position"""),
    ]
    for what, by_duck, by_sql in pairs:
        expected = rows_of(duck.execute(by_duck).fetchall())
        seen = rows_of(json.loads(server.sql(by_sql))["rows"])
        report.same(f"DuckDB, {len(expected)} {what}", expected, seen)
        report.holds(f"there are {what}", expected, expected)


def formats(server, report):
    query = 'SELECT position, event, ts, "total:number", clamped FROM events ORDER BY position'
    whole = rows_of(json.loads(server.sql(query, limits={"rows": 100000}))["rows"])
    parquet = pyarrow.parquet.read_table(io.BytesIO(server.sql(query, format="parquet")))
    arrow = pyarrow.ipc.open_stream(io.BytesIO(server.sql(query, format="arrow"))).read_all()
    report.same("Parquet and Arrow are the same table", arrow, parquet)
    report.same("Parquet holds what JSON does", whole, rows_of(zip(*(column.to_pylist() for column in parquet.columns))))
    csv = pandas.read_csv(io.BytesIO(server.sql(query, format="csv")))
    report.same("CSV has as many rows, and their sum",
                (len(whole), round(sum(row[3] or 0 for row in whole), 3)), (len(csv), round(float(csv["total:number"].sum()), 3)))


def with_psql(server, report):
    listed = server.psql("-c", r"\dt")
    for table in ["events", "derived_events", "profiles", "orders", "line_items", "products", "segments", "memberships", "transitions", "scores"]:
        report.holds(f"psql \\dt lists {table}", f"|{table}|" in listed, listed)
    described = server.psql("-c", r"\d events")
    report.holds("psql \\d events lists columns", "position|bigint" in described and "ts|timestamp" in described, described)
    count = json.loads(server.sql("SELECT count(*) FROM events"))["rows"][0][0]
    report.same("psql counts events", f"{count}\n", server.psql("-c", "SELECT count(*) FROM events"))
    report.same("psql runs several statements", "1\n2\n", server.psql("-q", "-c", "BEGIN; SELECT 1; SELECT 2; COMMIT"))
    for statement, what in [("DROP TABLE events", "DROP"), ("INSERT INTO events VALUES (1)", "INSERT"),
                            ("COPY events TO '/tmp/x'", "COPY"), ("CREATE TABLE t (a int)", "CREATE")]:
        done = server.psql("-c", statement, check=False)
        report.holds(f"psql is refused {what}", done.returncode != 0 and "SQL reads here" in done.stderr, done.stderr)
    done = server.psql("-c", "SELECT evnt FROM events", check=False)
    report.holds("psql is told the nearest name", "did you mean `event`" in done.stderr, done.stderr)
    done = server.psql("-c", "SELECT 1", password="segops_wrong", check=False)
    report.holds("psql with a wrong password is refused", done.returncode == 2 and "assword authentication failed" in done.stderr,
                 done.stderr)
    done = server.psql("-c", f"SET statement_timeout = 1000; {ENDLESS}", check=False)
    report.holds("psql's query ends at its time", "longer than 1 seconds" in done.stderr, done.stderr)
    report.same("the server goes on", "1\n", server.psql("-c", "SELECT 1"))


def with_drivers(server, report):
    login = {"host": "127.0.0.1", "port": server.port, "user": "ann", "password": server.token}
    count = json.loads(server.sql("SELECT count(*) FROM events WHERE event = 'Order Completed'"))["rows"][0][0]
    with psycopg.connect(**login, dbname="segops") as connection:
        row = connection.execute("SELECT count(*) FROM events WHERE event = %s", ["Order Completed"]).fetchone()
        report.same("psycopg binds a parameter", count, row[0])
        row = connection.execute("SELECT net, completed_at, currency, test FROM orders ORDER BY completed_at LIMIT 1").fetchone()
        kinds = [type(cell).__name__ for cell in row]
        report.same("psycopg reads types", ["Decimal", "datetime", "str", "bool"], kinds)
        with connection.cursor(binary=True) as cursor:
            binary = cursor.execute("SELECT profile, ts, \"total:number\", clamped FROM events WHERE event = 'Order Completed' ORDER BY position LIMIT 3").fetchall()
        text = connection.execute("SELECT profile, ts, \"total:number\", clamped FROM events WHERE event = 'Order Completed' ORDER BY position LIMIT 3").fetchall()
        report.same("psycopg reads the same in binary", rows_of(text), rows_of(binary))
    with psycopg.connect(**login, dbname="segops") as connection:
        outcome = []

        def ask():
            try:
                outcome.append(connection.execute(ENDLESS).fetchone())
            except psycopg.errors.QueryCanceled as error:
                outcome.append(type(error).__name__)

        asking = threading.Thread(target=ask)
        asking.start()
        while not json.loads(server.ask("GET", "/api/v1/sql/queries"))["data"]:
            time.sleep(0.05)
        connection.cancel()
        asking.join(60)
        report.same("psycopg cancels", ["QueryCanceled"], outcome)
        while json.loads(server.ask("GET", "/api/v1/sql/queries"))["data"]:
            time.sleep(0.05)
        report.holds("a cancelled query is gone", True)
    old = pg8000.dbapi.connect(**login, database="segops")
    cursor = old.cursor()
    cursor.execute("SELECT count(*) FROM events WHERE event = %s AND profile > %s", ("Order Completed", 0))
    report.same("pg8000 binds parameters", count, cursor.fetchone()[0])
    old.close()
    url = sqlalchemy.URL.create("postgresql+psycopg", username="ann", password=server.token, host="127.0.0.1",
                                port=server.port, database="segops")
    engine = sqlalchemy.create_engine(url, use_native_hstore=False)
    with engine.connect() as connection:
        frame = pandas.read_sql(sqlalchemy.text("SELECT event, count(*) AS n FROM events GROUP BY event ORDER BY event"), connection)
        answer = json.loads(server.sql("SELECT event, count(*) AS n FROM events GROUP BY event ORDER BY event"))
        report.same("pandas reads by SQLAlchemy", [tuple(row) for row in answer["rows"]],
                    [tuple(row) for row in frame.itertuples(index=False)])
        names = sqlalchemy.inspect(connection).get_table_names()
        report.holds("SQLAlchemy lists tables", {"events", "orders", "scores"} <= set(names), names)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--segops", required=True)
    parser.add_argument("--keep")
    arguments = parser.parse_args()
    binary = str(pathlib.Path(arguments.segops).resolve())
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or f"{scratch}/shop"
        run(binary, "simulate", "--data", folder, "--customers", "300", "--days", "60")
        server, report = Server(binary, folder), Report()
        try:
            against_duckdb(server, report)
            derived_against_duckdb(server, report)
            formats(server, report)
            with_psql(server, report)
            with_drivers(server, report)
        finally:
            code = server.stop()
        report.same("the server stops in order", 0, code)
    print(f"{report.compared} compared, {report.differences} differ")
    sys.exit(1 if report.differences else 0)


if __name__ == "__main__":
    main()
