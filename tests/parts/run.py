"""What DuckDB reads through the generated view is the truth, with merges, splits and deletions pending.

    run.py FOLDER    a folder that the example `pending` of segops-parts has made
"""

import csv
import decimal
import pathlib
import sys

import duckdb

QUERY = """
SELECT position, profile, event, epoch_ms(ts), "total:number"
FROM events ORDER BY position
"""


def truth(file):
    with file.open(newline="", encoding="utf-8") as lines:
        rows = [
            (
                int(row["position"]),
                int(row["profile"]),
                row["event"],
                int(row["ts_ms"]),
                decimal.Decimal(row["total"]) if row["total"] else None,
            )
            for row in csv.DictReader(lines)
        ]
    return sorted(rows)


def main():
    folder = pathlib.Path(sys.argv[1])
    states = sorted(folder.glob("*.sql"), key=lambda file: int(file.stem))
    if len(states) < 10:
        sys.exit(f"{folder} has {len(states)} states; make it with the example `pending`")
    rows = differing = 0
    for view in states:
        expected = truth(view.with_suffix(".csv"))
        connection = duckdb.connect()
        connection.execute(view.read_text(encoding="utf-8"))
        if not expected:
            (count,) = connection.execute("SELECT count(*) FROM events").fetchone()
            seen = [None] * count
        else:
            seen = connection.execute(QUERY).fetchall()
        rows += len(seen)
        if seen != expected:
            differing += 1
            missing = [row for row in expected if row not in set(seen)][:3]
            extra = [row for row in seen if row not in set(expected)][:3]
            print(f"state {view.stem}: {len(expected)} rows expected, {len(seen)} seen; "
                  f"missing {missing}, not expected {extra}")
    print(f"DuckDB {duckdb.__version__}: {len(states)} states, {rows} rows, {differing} differ")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
