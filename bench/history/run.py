"""The questions of `questions.toml` on SegOps, DuckDB and ClickHouse (chDB): the same rows in the same order, two threads
each, answers that must be equal, medians and ratios.

    run.py --binary target/release/segops-history-bench --folder FOLDER [--events N] [--customers N] [--times N]

The workspace is made by SegOps itself from a seeded shop; the others' tables are made of its rows as its SQL view has
them, and held against what the generator counted. With `--changed`, customers are then merged and deleted and events are
added that SegOps keeps in memory: it answers with all of that pending, and the others from tables made anew, in which
nothing is. Everything that was used is in FOLDER: tables, `answers-*.json`, `plans-*.txt`.
"""

import argparse
import datetime
import json
import math
import pathlib
import statistics
import subprocess
import sys
import time
import tomllib

import duckdb
from chdb import session

HERE = pathlib.Path(__file__).parent
NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.timezone.utc)
DAY_MS = 86_400_000
THREADS = 2
MEMORY = "4GB"
ORDER = "event, profile, ts, position"
# Texts of few values, which ClickHouse wants to be told.
FEW_VALUES = ["category", "currency", "coupon", "kind", "anchor_kind", "event"]


def main():
    arguments = parse()
    arguments.binary = arguments.binary.resolve()
    folder = arguments.folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "loaded.json").exists():
        loaded = segops(arguments, "load", "--events", str(arguments.events))
        (folder / "loaded.json").write_text(json.dumps(loaded), encoding="utf-8")
    loaded = json.loads((folder / "loaded.json").read_text(encoding="utf-8"))
    arguments.customers = loaded["customers"]
    print_load(loaded)
    run(arguments, folder, "plain", loaded)
    if arguments.changed:
        print(f"\nMerged, deleted and added: {json.dumps(segops(arguments, 'change'))}")
        run(arguments, folder, "changed", None)
    print(f"\nNewest 100 events of a profile: {json.dumps(segops(arguments, 'newest'))}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--only", default="", help="questions with this in their names")
    parser.add_argument("--changed", action="store_true")
    return parser.parse_args()


def print_load(loaded):
    rate = loaded["events"] / loaded["load_seconds"]
    print(
        f"{loaded['rows']} rows of {loaded['customers']} customers, loaded at {rate:.0f} events a second, journal, fold, "
        f"flushes and compactions together; {loaded['compact_seconds']:.0f} s more to compact fully; "
        f"{loaded['files']} files"
    )


def segops(arguments, command, *more):
    words = [arguments.binary, "--data", arguments.folder / "data", "--customers", str(arguments.customers)]
    done = subprocess.run([*words, command, *more], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def view_of(arguments):
    words = [arguments.binary, "--data", arguments.folder / "data", "view"]
    return subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True).stdout


def run(arguments, folder, label, loaded):
    questions = tomllib.loads((HERE / "questions.toml").read_text(encoding="utf-8"))["question"]
    questions = [question for question in questions if arguments.only in question["name"]]
    asking = ["--questions", str(HERE / "questions.toml"), "--only", arguments.only]
    ours = segops(arguments, "ask", *asking, "--times", str(arguments.times))
    tables = folder / label
    if not (tables / "made").exists():
        make_tables(arguments, tables, loaded)
    peers = [DuckDb(tables), ClickHouse(tables)]
    plans = []
    results = []
    for question, answered in zip(questions, ours, strict=True):
        line = {"name": question["name"], "segops": statistics.median(answered["times_ms"])}
        for peer in peers:
            sql = filled(question.get("sql") or question[peer.key])
            answer, times_ms = timed(peer, sql, arguments.times)
            if answer != sorted(answered["answer"]):
                refuse(question, peer, answered["answer"], answer)
            line[peer.key] = statistics.median(times_ms)
            plans.append(f"-- {peer.name}: {question['name']}\n{sql.strip()}\n\n{peer.plan(sql)}\n")
        results.append(line)
    (folder / f"plans-{label}.txt").write_text("\n".join(plans), encoding="utf-8")
    (folder / f"answers-{label}.json").write_text(json.dumps(ours), encoding="utf-8")
    print_table(label, results)
    sizes = {peer.name: peer.size() for peer in peers}
    sizes["SegOps"] = sum(file.stat().st_size for file in used_files(arguments.folder / "data" / "history"))
    smaller = min(size for name, size in sizes.items() if name != "SegOps")
    print("\nBytes on disk: " + ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sizes.items()))
    print(f"SegOps takes {sizes['SegOps'] / smaller:.2f} of the smaller of the two.")
    for peer in peers:
        print(f"{peer.name} {peer.version()}: {peer.settings()}")


def used_files(history):
    """The files that the newest manifest names."""
    newest = sorted((history / "manifest").glob("*.json"))[-1]
    parts = json.loads(newest.read_text(encoding="utf-8").splitlines()[0])["parts"]
    for part in parts:
        yield history / part["path"]
        yield history / part["sidecar"]["path"]


def print_table(label, results):
    print(f"\n## {label}\n")
    print("| question | SegOps ms | DuckDB ms | ClickHouse ms | faster of the two, over SegOps |")
    print("| --- | ---: | ---: | ---: | ---: |")
    ratios = []
    for line in results:
        ratio = min(line["duckdb"], line["clickhouse"]) / line["segops"]
        ratios.append(ratio)
        numbers = " | ".join(f"{line[key]:.1f}" for key in ["segops", "duckdb", "clickhouse"])
        print(f"| {line['name']} | {numbers} | {ratio:.2f} |")
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    slower = sum(ratio < 1 for ratio in ratios)
    print(f"\nGeometric mean {mean:.2f}; slower than the faster of the two in {slower} of {len(ratios)}.")


def filled(sql):
    now = int(NOW.timestamp() * 1_000)
    return sql.format(day=DAY_MS, **{f"ago_{days}": now - days * DAY_MS for days in [30, 60, 90, 180]})


def timed(peer, sql, times):
    answer = peer.ask(sql)
    times_ms = []
    for _ in range(times):
        begun = time.perf_counter()
        again = peer.ask(sql)
        times_ms.append((time.perf_counter() - begun) * 1_000)
        if again != answer:
            sys.exit(f"{peer.name} answers differently when it is asked again: {sql}")
    return answer, times_ms


def refuse(question, peer, ours, theirs):
    sys.exit(
        f"{question['name']}: SegOps and {peer.name} do not agree.\n"
        f"SegOps ({len(ours)} rows): {ours[:5]}\n{peer.name} ({len(theirs)} rows): {theirs[:5]}"
    )


def make_tables(arguments, tables, loaded):
    """The rows of SegOps' SQL view as tables of the two, in the same order."""
    tables.mkdir(parents=True, exist_ok=True)
    for left in ["events.duckdb", "events.parquet"]:
        (tables / left).unlink(missing_ok=True)
    connection = duckdb.connect(str(tables / "events.duckdb"))
    connection.execute(f"SET threads = {THREADS}; SET memory_limit = '{MEMORY}'; SET TimeZone = 'UTC'")
    view = view_of(arguments)
    connection.execute(view.replace("CREATE OR REPLACE VIEW", "CREATE OR REPLACE TEMP VIEW").replace("VIEW events", "VIEW parts"))
    columns = connection.execute("DESCRIBE SELECT * FROM parts").fetchall()
    selected = ", ".join(column_of(name, kind) for name, kind, *_ in columns)
    connection.execute(f"CREATE TABLE events AS SELECT {selected} FROM parts ORDER BY {ORDER}")
    if loaded:
        check_rows(connection, loaded)
    connection.execute("CHECKPOINT")
    connection.execute(f"COPY (SELECT * FROM events) TO '{tables / 'events.parquet'}' (FORMAT parquet)")
    connection.close()
    peer = ClickHouse(tables)
    replaced = ", ".join(f"{name}::LowCardinality({'String' if name in ('event', 'kind', 'anchor_kind') else 'Nullable(String)'}) AS {name}" for name in FEW_VALUES)
    required = ", ".join(f"assumeNotNull({name}) AS {name}" for name in ["profile", "ts", "position", "message_id", "products", "identifiers"])
    peer.session.query(
        f"CREATE TABLE events ENGINE = MergeTree ORDER BY ({ORDER}) AS "
        f"SELECT * REPLACE ({replaced}, {required}) FROM file('{tables / 'events.parquet'}', Parquet) "
        f"ORDER BY {ORDER} SETTINGS max_threads = {THREADS}, max_bytes_before_external_sort = 3000000000"
    )
    peer.session.query("OPTIMIZE TABLE events FINAL")
    peer.close()
    (tables / "events.parquet").unlink()
    (tables / "made").touch()


def column_of(name, kind):
    """A column of the parts as the two would have it: plain names, times as numbers, money with four digits."""
    quoted = f'"{name}"'
    if name in ("ts", "received_at"):
        return f"epoch_ms({quoted}) AS {name}"
    base, typed = name.rsplit(":", 1) if ":" in name else (name, "")
    plain = base.replace("[]", "").replace(".", "_")
    if typed == "number":
        return f'{quoted}::DECIMAL(18, 4) AS "{plain}"'
    if typed == "items":
        members = [member for member in ["product_id", "name", "category", "price", "quantity"] if f'"{member}:' in kind]
        packed = ", ".join(
            f'{member} := line."{member}:number"::DECIMAL(18, 4)' if f'"{member}:number"' in kind
            else f'{member} := line."{member}:text"' for member in members
        )
        return f"coalesce(list_transform({quoted}, lambda line: struct_pack({packed})), []) AS \"{plain}\""
    return f'{quoted} AS "{plain}"' if typed else quoted


def check_rows(connection, loaded):
    found = connection.execute(
        "SELECT count(*), count(*) FILTER (event = 'Product Viewed'), count(*) FILTER (event = 'Order Completed'), "
        "(sum(total) FILTER (event = 'Order Completed') * 100)::HUGEINT FROM events"
    ).fetchone()
    wanted = (loaded["events"], loaded["views"], loaded["orders"], loaded["order_cents"])
    if found != wanted:
        sys.exit(f"the rows are not what the generator made: {found} in the parts, {wanted} made")


class DuckDb:
    key, name = "duckdb", "DuckDB"

    def __init__(self, tables):
        self.file = tables / "events.duckdb"
        self.connection = duckdb.connect(str(self.file), read_only=True)
        self.connection.execute(f"SET threads = {THREADS}; SET memory_limit = '{MEMORY}'")

    def ask(self, sql):
        return sorted([str(cell) for cell in row] for row in self.connection.execute(sql).fetchall())

    def plan(self, sql):
        return self.connection.execute(f"EXPLAIN {sql}").fetchall()[0][1]

    def size(self):
        return self.file.stat().st_size

    def version(self):
        return duckdb.__version__

    def settings(self):
        return f"threads = {THREADS}, memory_limit = {MEMORY}; table sorted by ({ORDER})"


class ClickHouse:
    key, name = "clickhouse", "ClickHouse"

    def __init__(self, tables):
        self.session = session.Session(str(tables / "clickhouse"))
        self.session.query("SET max_threads = 2")

    def ask(self, sql):
        text = str(self.session.query(f"{sql} SETTINGS max_threads = {THREADS}", "TabSeparated"))
        return sorted(line.split("\t") for line in text.splitlines())

    def plan(self, sql):
        return str(self.session.query(f"EXPLAIN {sql}", "TabSeparatedRaw"))

    def size(self):
        sql = "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'events'"
        return int(str(self.session.query(sql, "TabSeparated")))

    def version(self):
        return str(self.session.query("SELECT version()", "TabSeparated")).strip()

    def settings(self):
        return f"max_threads = {THREADS}; MergeTree ORDER BY ({ORDER}), merged into one part"

    def close(self):
        self.session.close()


if __name__ == "__main__":
    main()
