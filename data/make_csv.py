#!/usr/bin/env python3
"""Makes CSV files of the data sets in this folder, for `segops import` and for the tests.

    python3 data/make_csv.py [FOLDER]

writes `cdnow.csv`, `online_retail_2009.csv` and `online_retail_countries.csv` (one row per invoice of a known
customer: who, when and which country) into FOLDER (default: `.cache` beside this folder, which git ignores). Needs pyarrow. The same inputs give the same bytes. Values stay as they stand in the source:
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
    files = {
        "cdnow.csv": cdnow,
        "online_retail_2009.csv": online_retail,
        "online_retail_countries.csv": online_retail_countries,
    }
    for name, make in files.items():
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
    rows = 0
    for invoice, lines in enumerate(invoices()):
        if invoice == 0:
            writer.writerow(lines[0])
        for line in lines:
            writer.writerow(["" if value is None else value for value in line.values()])
            rows += 1
    return rows


def online_retail_countries(writer) -> int:
    columns = ["Customer ID", "Invoice", "InvoiceDate", "Country"]
    writer.writerow(columns)
    rows = 0
    for first, *_ in invoices():
        if first["Customer ID"] is not None:
            writer.writerow([first[column] for column in columns])
            rows += 1
    return rows


def invoices() -> list[list[dict]]:
    """The lines of each invoice, in the order of the invoices' first lines."""
    table = parquet.read_table(HERE / "online_retail" / "online_retail_2009.parquet")
    by_invoice: dict[str, list[dict]] = {}
    for row in table.to_pylist():
        by_invoice.setdefault(row["Invoice"], []).append(row)
    return list(by_invoice.values())


if __name__ == "__main__":
    main()
