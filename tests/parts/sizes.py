"""Bytes a row of DuckDB's own Parquet with the same columns and order as a folder of parts.

    sizes.py FOLDER    the folder of parts, as the example `measure` of segops-parts has written it
"""

import json
import pathlib
import sys
import tempfile

import duckdb

TYPED = ":"


def main():
    folder = pathlib.Path(sys.argv[1])
    newest = sorted((folder / "manifest").glob("*.json"))[-1]
    parts = json.loads(newest.read_text(encoding="utf-8").splitlines()[0])["parts"]
    files = [str(folder / part["path"]) for part in parts]
    rows = sum(part["rows"] for part in parts)
    ours = sum(part["bytes"] for part in parts)
    print(f"{rows} rows; ours {ours / rows:.1f} bytes a row")
    connection = duckdb.connect()
    connection.execute("SET threads = 2; SET preserve_insertion_order = true")
    for compression in ["zstd", "snappy", "lz4_raw"]:
        theirs = 0
        for file in files:
            with tempfile.TemporaryDirectory() as scratch:
                copy = pathlib.Path(scratch) / "copy.parquet"
                connection.execute(
                    f"COPY (SELECT * FROM read_parquet('{file}')) "
                    f"TO '{copy}' (FORMAT parquet, COMPRESSION {compression})"
                )
                theirs += copy.stat().st_size
        print(f"DuckDB {duckdb.__version__}, {compression}: {theirs / rows:.1f} bytes a row, "
              f"ours is {ours / theirs:.2f} of it")
    by_column = {}
    for file in files:
        for name, size in connection.execute(
            "SELECT path_in_schema, sum(total_compressed_size) FROM parquet_metadata(?) GROUP BY 1", [file]
        ).fetchall():
            by_column[name] = by_column.get(name, 0) + size
    for name, size in sorted(by_column.items(), key=lambda item: -item[1])[:25]:
        print(f"  {size / rows:8.2f}  {name}")


if __name__ == "__main__":
    main()
