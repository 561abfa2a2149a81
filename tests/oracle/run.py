#!/usr/bin/env python3
"""Imports two real data sets with the real binary and holds twenty rules against DuckDB's numbers.

    python tests/oracle/run.py --segops target/release/segops [--keep FOLDER]

For each data set, in a data folder of its own (their customer ids overlap):
- half of the rules become segments before the import, and so see every event arrive; the other half after
  it, and so are primed from history;
- accepted and rejected rows must add up to the rows of the file, and exactly the rows without a customer
  must be rejected; a second import must change nothing;
- every rule is previewed at every instant, and must select as many profiles as its query does;
- `segops verify` must find no difference.

Prints a table, and exits with 1 on any difference. Needs the packages of `requirements.txt`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as compute
import pyarrow.parquet as parquet

import twenty_rules

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
TIMEOUT_SECONDS = 900


class Segops:
    """The binary on one data folder."""

    def __init__(self, binary: Path, folder: Path):
        self.binary = binary
        self.folder = folder

    def run(self, *arguments: str) -> dict:
        command = [str(self.binary), *arguments, "--data", str(self.folder), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
        # `verify` exits with 1 where it finds differences, and says which; all else must succeed.
        if done.returncode != 0 and arguments[0] != "verify":
            raise SystemExit(f"{' '.join(command)}\nexited with {done.returncode}:\n{done.stderr or done.stdout}")
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError as error:
            raise SystemExit(f"{' '.join(command)}\nprinted no JSON ({error}):\n{done.stdout}{done.stderr}") from error


class Report:
    """One line for each thing compared, and whether all were equal."""

    def __init__(self) -> None:
        self.compared = 0
        self.differences = 0

    def compare(self, what: str, expected: object, found: object) -> None:
        self.compared += 1
        equal = expected == found
        self.differences += not equal
        print(f"{'ok  ' if equal else 'FAIL'}  {expected!s:>9}  {found!s:>9}  {what}", flush=True)


@dataclass(frozen=True)
class Source:
    """One file to import, and what must become of its rows."""

    mapping: Path
    file: Path
    rows: int
    rejected: int


def sources(dataset: str, folder: Path) -> list[Source]:
    """The files of a data set. Rows are counted in the raw data, not in what is made of it."""
    if dataset == "cdnow":
        file = DATA / "cdnow" / "CDNOW_master.txt"
        lines = file.read_text(encoding="ascii").splitlines()
        return [Source(DATA / "cdnow" / "mapping.toml", file, sum(1 for line in lines[1:] if line.strip()), 0)]
    command = [sys.executable, str(DATA / "make_csv.py"), str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS)
    home = DATA / "online_retail"
    table = parquet.read_table(home / "online_retail_2009.parquet", columns=["Invoice", "Customer ID"])
    without_customer = compute.is_null(table["Customer ID"], nan_is_null=True)
    known_invoices = compute.count_distinct(table.filter(compute.invert(without_customer))["Invoice"]).as_py()
    missing = compute.sum(without_customer).as_py()
    return [
        Source(home / "mapping.toml", folder / "online_retail_2009.csv", len(table), missing),
        Source(home / "mapping_countries.toml", folder / "online_retail_countries.csv", known_invoices, 0),
    ]


def check_import(segops: Segops, source: Source, report: Report) -> None:
    command = ["import", "--mapping", str(source.mapping), str(source.file)]
    done = segops.run(*command)
    name = source.file.name
    report.compare(f"{name}: rows", source.rows, done["rows"])
    report.compare(f"{name}: accepted and rejected rows", source.rows, done["accepted_rows"] + done["rejected_rows"])
    report.compare(f"{name}: rejected rows, those without a customer", source.rejected, done["rejected_rows"])
    report.compare(f"{name}: a second import is recognised", True, segops.run(*command).get("already_imported"))


def check_dataset(segops: Segops, dataset: str, expectations: list[dict], folder: Path, report: Report) -> None:
    rules = {row["number"]: row for row in expectations}
    create(segops, [row for number, row in rules.items() if number % 2])
    for source in sources(dataset, folder):
        check_import(segops, source, report)
    create(segops, [row for number, row in rules.items() if not number % 2])
    for row in expectations:
        answer = segops.run(
            "segment", "preview", row["rule"], "--base", row["base"], "--at", row["at"], "--sample", "0"
        )
        what = f"{row['number']:>2} at {row['at']}: {row['base']} where {row['rule']}"
        report.compare(what, row["expected"], answer["counts"]["total"])
    verified = segops.run("verify")
    report.compare(f"{dataset}: segments verified", len(rules), len(verified["segments"]))
    report.compare(f"{dataset}: differences between live members and a rebuild", 0, verified["differences"])
    report.compare(f"{dataset}: the same profiles both ways", True, verified["profiles_agree"])


def create(segops: Segops, rows: list[dict]) -> None:
    for row in rows:
        segops.run("segment", "create", f"Rule {row['number']}", row["rule"], "--base", row["base"])


def main() -> None:
    parser = argparse.ArgumentParser(description="Holds twenty rules on real data against DuckDB.")
    parser.add_argument("--segops", type=Path, required=True, help="the binary")
    parser.add_argument("--keep", type=Path, help="work in this folder, and leave it there")
    arguments = parser.parse_args()
    if not arguments.segops.is_file():
        raise SystemExit(f"{arguments.segops} is no file; build it with `cargo build --release`")
    expectations = list(twenty_rules.expectations())
    report = Report()
    print("      expected      found")
    with tempfile.TemporaryDirectory(prefix="segops-oracle-") as temporary:
        folder = arguments.keep or Path(temporary)
        for dataset in dict.fromkeys(row["dataset"] for row in expectations):
            data = folder / dataset
            data.mkdir(parents=True)
            segops = Segops(arguments.segops.resolve(), data / "workspace")
            check_dataset(segops, dataset, [row for row in expectations if row["dataset"] == dataset], data, report)
    print(f"{report.compared} compared, {report.differences} different")
    sys.exit(1 if report.differences or not report.compared else 0)


if __name__ == "__main__":
    main()
