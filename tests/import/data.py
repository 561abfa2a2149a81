"""Orders with every kind of value that a Parquet file can hold and an event can have, and the same as lines of JSON.

    python tests/import/data.py FOLDER    writes the small files that the Rust tests read
"""

import datetime
import decimal
import json
import pathlib
import sys
import uuid

import duckdb
import numpy
import pyarrow
import pyarrow.parquet

UTC = datetime.timezone.utc
SCHEMA = pyarrow.schema([
    ("order_id", pyarrow.string()),
    ("customer", pyarrow.int64()),
    ("account", pyarrow.uint64()),
    ("email", pyarrow.large_string()),
    ("placed", pyarrow.timestamp("us", tz="UTC")),
    ("local", pyarrow.timestamp("ms")),
    ("day", pyarrow.date32()),
    ("hour", pyarrow.time64("us")),
    ("total", pyarrow.decimal128(18, 4)),
    ("points", pyarrow.decimal128(38, 9)),
    ("weight", pyarrow.float64()),
    ("rating", pyarrow.float32()),
    ("quantity", pyarrow.int16()),
    ("gift", pyarrow.bool_()),
    ("country", pyarrow.dictionary(pyarrow.int32(), pyarrow.string())),
    ("note", pyarrow.string()),
    ("ship.to", pyarrow.string()),
    ("tags", pyarrow.list_(pyarrow.string())),
    ("address", pyarrow.struct([("city", pyarrow.string()), ("zip", pyarrow.string())])),
    ("products", pyarrow.list_(pyarrow.struct([("product_id", pyarrow.string()), ("price", pyarrow.decimal128(10, 2))]))),
    ("extra", pyarrow.map_(pyarrow.string(), pyarrow.int32())),
])
# What a Parquet file has by itself, and DuckDB writes.
DUCK = "SELECT *, CAST(md5(order_id) AS UUID) AS token FROM orders"

MAPPING = {
    "name": "orders",
    "format": "parquet",
    "zone": "Europe/Berlin",
    "event": {"name": "Order Completed"},
    "time": {"columns": ["placed"]},
    "identifiers": [{"column": "customer", "kind": "user_id"}, {"column": "email", "kind": "email"},
                    {"column": "account", "kind": "account"}],
    "properties": [{"column": "total", "type": "number"}, {"column": "local", "type": "date"},
                   {"column": "address.city", "property": "city"}, {"column": "day", "property": "day"}],
    "id_columns": ["order_id"],
    "rest": "properties",
}


def orders(count):
    """Rows as Python has them; some cells hold nothing."""
    start = datetime.datetime(2026, 1, 1, tzinfo=UTC)
    notes = ["plain", 'a "quoted" word', "two\nlines", "späti, 東京 ☕", "", "back\\slash", "007"]
    rows = []
    for number in range(count):
        placed = start + datetime.timedelta(minutes=37 * number, microseconds=number * 1000)
        rows.append({
            "order_id": f"o{number}",
            # Now and then nobody is named: such a row is rejected.
            "customer": None if number % 50 == 49 else 1000 + number % 90,
            "account": None if number % 50 == 49 else 2**63 + number % 90,
            "email": f"c{number % 90}@shop.example" if number % 3 == 0 and number % 50 != 49 else None,
            "placed": placed,
            "local": placed.replace(tzinfo=None, microsecond=0) if number % 4 else None,
            "day": placed.date(),
            "hour": placed.time().replace(microsecond=0),
            "total": decimal.Decimal(number * 137 % 100_000).scaleb(-2),
            "points": decimal.Decimal(f"1234567890123456789.{number % 1000:03}") if number % 5 == 0 else decimal.Decimal(number),
            "weight": number / 8 if number % 7 else None,
            "rating": 0.1 * (number % 50),
            "quantity": number % 9 - 2,
            "gift": None if number % 6 == 0 else number % 2 == 0,
            "country": ["DE", "AT", None, "CH"][number % 4],
            "note": notes[number % len(notes)],
            "ship.to": "a door" if number % 2 else None,
            "tags": [None, [], ["a"], ["a", None, "b"]][number % 4],
            "address": {"city": "Wien", "zip": None if number % 5 else "1010"} if number % 3 else None,
            "products": [{"product_id": f"p{at}", "price": decimal.Decimal(at * 999).scaleb(-2)} for at in range(number % 3)],
            "extra": [("b", number), ("a", 1)] if number % 4 == 1 else None,
        })
    return rows


def table(rows):
    return pyarrow.Table.from_pylist(rows, schema=SCHEMA)


def as_json(value, name=None):
    """A cell as a careful writer of JSON lines has it: numbers that a double does not hold are texts."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, decimal.Decimal):
        plain = format(value.normalize(), "f")
        return Number(plain) if len(plain.lstrip("-0.").replace(".", "")) <= 15 else plain
    if isinstance(value, int):
        return value if abs(value) <= 2**53 else str(value)
    if isinstance(value, float):
        return float(str(numpy.float32(value))) if name == "rating" else value
    if isinstance(value, datetime.datetime):
        text = value.replace(tzinfo=None).isoformat()
        text = text.rstrip("0") if "." in text else text
        return text + ("Z" if value.tzinfo else "")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items() if inner is not None}
    if value and isinstance(value[0], tuple):
        return {key: as_json(inner) for key, inner in value}
    return [as_json(inner) for inner in value]


class Number(float):
    """A number that is written with its own digits."""

    def __new__(cls, digits):
        made = super().__new__(cls, digits)
        made.digits = digits
        return made

    def __repr__(self):
        return self.digits


def line(row):
    cells = {name: as_json(value, name) for name, value in row.items() if value is not None}
    return dumps(cells)


def dumps(value):
    if isinstance(value, Number):
        return value.digits
    if isinstance(value, dict):
        return "{" + ",".join(f"{dumps(key)}:{dumps(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dumps, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def write_ndjson(rows, path):
    path.write_text("".join(line(row) + "\n" for row in rows), encoding="utf-8")


def write_pyarrow(rows, path, **how):
    pyarrow.parquet.write_table(table(rows), path, **how)


def write_duckdb(rows, path, codec, query="SELECT * FROM orders"):
    orders = table(rows)
    # The query names it.
    assert orders.num_rows == len(rows)
    duck = duckdb.connect()
    duck.execute("SET TimeZone = 'UTC'")
    duck.register("orders", orders)
    duck.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE 2048)")


def main():
    folder = pathlib.Path(sys.argv[1])
    rows = orders(12)
    write_pyarrow(rows, folder / "pyarrow.parquet", compression="snappy", row_group_size=5)
    write_duckdb(rows, folder / "duckdb.parquet", "zstd", DUCK)
    write_ndjson(rows, folder / "orders.ndjson")


if __name__ == "__main__":
    main()
