#!/usr/bin/env python3
"""Makes CSV files of the data sets in this folder, for `segops import` and for the tests.

    python3 data/make_csv.py [FOLDER]

writes `cdnow.csv` and `online_retail_2009.csv` into FOLDER (default: `.cache` beside this folder, which
git ignores). Needs pyarrow. The same inputs give the same bytes. Values stay as they stand in the source:
customer ids of Online Retail are floating point there (`13085.0`) and stay so, and a missing one is an
empty field. Only the order of its rows changes: lines of one invoice come together, at the place of the
invoice's first line (577 invoices with a customer are interleaved with others in the source).
"""

import csv
import sys
from pathlib import Path

import pyarrow.parquet as parquet

HERE = Path(__file__).resolve().parent
CDNOW_COLUMNS = ["customer_id", "date", "number_of_cds", "dollar_value"]


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / ".cache"
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in (("cdnow.csv", cdnow), ("online_retail_2009.csv", online_retail)):
        unfinished = folder / f"{name}.part"
        with unfinished.open("w", newline="", encoding="utf-8") as file:
            rows = make(csv.writer(file, lineterminator="\n"))
        # Renamed only when whole, so that nobody imports half a file.
        unfinished.rename(folder / name)
        print(f"{folder / name}: {rows} rows")


def cdnow(writer) -> int:
    """Columns separated by spaces, dates as 19970131, and a heading or not, become plain CSV."""
    writer.writerow(CDNOW_COLUMNS)
    rows = 0
    with (HERE / "cdnow" / "CDNOW_master.txt").open(encoding="ascii") as lines:
        for line in lines:
            fields = line.split()
            if not fields or fields == ["customer_id", "date", "number_of_cds", "dollar_value"]:
                continue
            customer, date, cds, dollars = fields
            writer.writerow([customer, f"{date[:4]}-{date[4:6]}-{date[6:]}", cds, dollars])
            rows += 1
    return rows


def online_retail(writer) -> int:
    table = parquet.read_table(HERE / "online_retail" / "online_retail_2009.parquet")
    writer.writerow(table.column_names)
    by_invoice: dict[str, list[dict]] = {}
    for row in table.to_pylist():
        by_invoice.setdefault(row["Invoice"], []).append(row)
    rows = 0
    for lines in by_invoice.values():
        for line in lines:
            writer.writerow(["" if value is None else value for value in line.values()])
            rows += 1
    return rows


if __name__ == "__main__":
    main()
