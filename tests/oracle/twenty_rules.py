#!/usr/bin/env python3
"""Twenty rules over two real data sets, each with a query that says how many profiles it must select.

    python tests/oracle/twenty_rules.py [--json]

prints, for every rule and instant, the expected total: as a table, or with `--json` one object a line,
`{"dataset", "number", "rule", "base", "at", "expected"}`.

The queries are DuckDB's over the raw files: they know nothing of SegOps, its import or its evaluator. They
must not learn from it either: when a number differs, read the rule reference first, then both sides.

What the queries take from the rule reference:
- `in last D` is (now - D, now], `between N and M ago` is (now - M, now - N], ranges are [from, to);
- what happens after the instant asked about does not exist: neither for windows, nor for the base;
- the base `customers` has at least one "Order Completed"; `everyone` is whoever has any event;
- text is compared without case; numbers are exact decimals; a missing value fails every comparison.
"""

import argparse
import calendar
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

DATA = Path(__file__).resolve().parents[2] / "data"


@dataclass(frozen=True)
class Case:
    dataset: str
    rule: str
    # A condition over one row of `profiles`, with the windows of its rule as :names.
    sql: str
    instants: tuple[str, ...]
    base: str = "customers"


def windows(now: datetime) -> dict[str, datetime]:
    """The bounds that the rules use, for one instant. `..._open` excludes its own instant."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    year = month.replace(month=1)
    return {
        "now": now,
        "d30": now - timedelta(days=30),
        "d60": now - timedelta(days=60),
        "d90": now - timedelta(days=90),
        "d180": now - timedelta(days=180),
        "d365": now - timedelta(days=365),
        "m6": months_before(now, 6),
        "this_month": month,
        "this_quarter": quarter,
        "last_quarter": plus_months(quarter, -3),
        "this_year": year,
        "last_year": year.replace(year=year.year - 1),
    }


def plus_months(at: datetime, months: int) -> datetime:
    """The same day and time so many months on; the last day of a month that is too short for it."""
    index = at.year * 12 + at.month - 1 + months
    year, month = divmod(index, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day)


def months_before(now: datetime, months: int) -> datetime:
    """The greatest, over all instants up to now, of that instant less the months: bounds never move back.

    It differs from the plain subtraction in one case. On the 31st at noon, less a month of 30 days, plain
    subtraction gives the 30th at noon; but on the evening of the 30th it gave the evening of the 30th.
    """
    plain = plus_months(now, -months)
    if plain.day == now.day:
        return plain
    return plain.replace(hour=23, minute=59, second=59, microsecond=999_000)


def count(where: str = "true", event: str = "Order Completed") -> str:
    """How many events of one profile, up to now, satisfy a condition over a row of `events`."""
    return (
        f"(select count(*) from events e where e.customer = p.customer "
        f"and e.ts <= :now and e.name = '{event}' and ({where}))"
    )


def has_line(where: str) -> str:
    """Whether one and the same line item of the event satisfies a condition over a row of `lines`."""
    return f"exists (select 1 from lines l where l.invoice = e.invoice and ({where}))"


COUNTRY_NOW = "(select arg_max(e.country, e.ts) from events e where e.customer = p.customer and e.ts <= :now)"

# Every CDNOW order is at a midnight, so a midnight is the edge of every window: an order exactly D ago is
# out, a millisecond earlier it is in.
MIDNIGHTS = ("1997-09-30T00:00:00.000Z", "1997-09-29T23:59:59.999Z", "1998-06-30T23:59:59.999Z")
# 1997-08-31 less six months has no such day; 1998-01-01 is the edge of month, quarter and year.
CALENDAR = ("1997-08-31T00:00:00.000Z", "1998-01-01T00:00:00.000Z", "1997-12-31T23:59:59.999Z", "1998-06-15T12:00:00.000Z")
# The last order is at 2010-12-09T20:01:00Z. EDGE_90 is 90 days to the millisecond after an order that rule 13
# hangs on, EDGE_30 30 days after one that rule 14 hangs on; each is asked about with the millisecond before.
RETAIL = ("2010-12-09T20:01:00.000Z", "2010-09-10T11:30:00.000Z", "2011-01-01T00:00:00.000Z")
EDGE_90 = ("2010-11-30T09:25:00.000Z", "2010-11-30T09:24:59.999Z")
EDGE_30 = ("2010-11-19T09:46:00.000Z", "2010-11-19T09:45:59.999Z")

CASES = (
    Case("cdnow", 'did "Order Completed" >= 2 times in last 90 days', f"{count('e.ts > :d90')} >= 2", MIDNIGHTS),
    Case("cdnow", 'did "Order Completed" = 1 time', f"{count()} = 1", MIDNIGHTS),
    Case("cdnow", 'did "Order Completed" > 5 times', f"{count()} > 5", MIDNIGHTS, "everyone"),
    Case("cdnow", 'did not "Order Completed" in last 180 days', f"{count('e.ts > :d180')} = 0", MIDNIGHTS),
    Case(
        "cdnow",
        'did "Order Completed" between 30 and 60 days ago',
        f"{count('e.ts > :d60 and e.ts <= :d30')} >= 1",
        MIDNIGHTS,
    ),
    Case("cdnow", 'did "Order Completed" <= 1 time in last 365 days', f"{count('e.ts > :d365')} <= 1", MIDNIGHTS, "everyone"),
    Case(
        "cdnow",
        'did "Order Completed" != 2 times from 1997-03-01 to 1997-07-01',
        f"""{count("e.ts >= timestamp '1997-03-01' and e.ts < timestamp '1997-07-01'")} <> 2""",
        MIDNIGHTS,
    ),
    Case(
        "cdnow",
        'did "Order Completed" last quarter and did not "Order Completed" this month',
        f"{count('e.ts >= :last_quarter and e.ts < :this_quarter')} >= 1 and {count('e.ts >= :this_month')} = 0",
        CALENDAR,
    ),
    Case(
        "cdnow",
        'did "Order Completed" where total >= 50 this year',
        f"{count('e.total >= 50 and e.ts >= :this_year')} >= 1",
        CALENDAR,
    ),
    Case(
        "cdnow",
        'did "Order Completed" where (number_of_cds >= 5 and total < 100) in last 6 months',
        f"{count('e.cds >= 5 and e.total < 100 and e.ts > :m6')} >= 1",
        CALENDAR,
    ),
    Case(
        "cdnow",
        'none of (did "Order Completed" >= 2 times in last 60 days, did "Order Completed" where total > 200)'
        ' and did "Order Completed" >= 3 times',
        f"not ({count('e.ts > :d60')} >= 2 or {count('e.total > 200')} >= 1) and {count()} >= 3",
        MIDNIGHTS,
    ),
    Case(
        "cdnow",
        'did "Order Completed" between 2 and 4 times last year',
        f"{count('e.ts >= :last_year and e.ts < :this_year')} between 2 and 4",
        ("1998-01-01T00:00:00.000Z", "1998-06-30T00:00:00.000Z", "1997-12-31T23:59:59.999Z"),
    ),
    Case("online_retail", 'did "Order Completed" >= 2 times in last 90 days', f"{count('e.ts > :d90')} >= 2", (*RETAIL, *EDGE_90)),
    Case(
        "online_retail",
        'did "Order Completed" where products[](name contains "christmas" and quantity >= 24) in last 30 days',
        count(f"e.ts > :d30 and {has_line('''lower(l.name) like '%christmas%' and l.quantity >= 24''')}") + " >= 1",
        (*RETAIL, *EDGE_30),
    ),
    Case(
        "online_retail",
        'did "Order Completed" where products[](price >= 10 and quantity >= 10)',
        f"{count(has_line('l.price >= 10 and l.quantity >= 10'))} >= 1",
        RETAIL,
    ),
    Case(
        "online_retail",
        'did "Order Completed" where total >= 1000 last quarter',
        f"{count('e.total >= 1000 and e.ts >= :last_quarter and e.ts < :this_quarter')} >= 1",
        RETAIL,
    ),
    Case(
        "online_retail",
        'did "Order Cancelled" and did "Order Completed" < 5 times',
        f"{count(event='Order Cancelled')} >= 1 and {count()} < 5",
        RETAIL,
        "everyone",
    ),
    Case(
        "online_retail",
        'country in ("Germany", "france") and did "Order Completed" in last 6 months',
        f"lower({COUNTRY_NOW}) in ('germany', 'france') and {count('e.ts > :m6')} >= 1",
        (*RETAIL, "2010-08-31T12:00:00.000Z"),
    ),
    Case(
        "online_retail",
        'did "Order Completed" where country is not "United Kingdom" this year',
        f"{count('''lower(e.country) is distinct from 'united kingdom' and e.ts >= :this_year''')} >= 1",
        RETAIL,
    ),
    Case(
        "online_retail",
        'not (did "Order Completed" where products[](product_id is "85123A") or did "Order Cancelled" this year)',
        f"""not ({count(has_line("lower(l.product_id) = '85123a'"))} >= 1
        or {count('e.ts >= :this_year', 'Order Cancelled')} >= 1)""",
        RETAIL,
    ),
)


def load(dataset: str) -> duckdb.DuckDBPyConnection:
    """`events`, `lines` and `profiles` of one data set."""
    db = duckdb.connect()
    if dataset == "cdnow":
        db.execute(f"""
            create table events as
            with raw as (
                select string_split_regex(trim(line, E' \\r\\n'), ' +') as cell
                from read_csv('{DATA / "cdnow" / "CDNOW_master.txt"}', columns = {{'line': 'varchar'}},
                              delim = '|', header = false, skip = 1, quote = '', auto_detect = false)
            )
            select cell[1] as customer, strptime(cell[2], '%Y%m%d') as ts, 'Order Completed' as name,
                   cell[3]::decimal(18, 3) as cds, cell[4]::decimal(18, 3) as total,
                   null::varchar as invoice, null::varchar as country
            from raw""")
    else:
        # Prices have at most three decimals, so the decimals below hold them and their sums exactly.
        db.execute(f"""
            create table lines as
            select Invoice as invoice, StockCode as product_id, Description as name,
                   Quantity as quantity, Price::decimal(18, 3) as price,
                   "Customer ID"::bigint::varchar as customer, Country as country,
                   InvoiceDate::timestamp as ts
            from '{DATA / "online_retail" / "online_retail_2009.parquet"}'
            where "Customer ID" is not null""")
        db.execute("""
            create table events as
            select invoice, any_value(customer) as customer, min(ts) as ts, any_value(country) as country,
                   case when invoice like 'C%' then 'Order Cancelled' when invoice like 'A%' then 'Debt Written Off'
                        else 'Order Completed' end as name,
                   sum(price * quantity) as total
            from lines group by invoice""")
    return db


def expected(db: duckdb.DuckDBPyConnection, case: Case, at: str) -> int:
    bounds = windows(datetime.fromisoformat(at.removesuffix("Z")))
    sql = case.sql
    # Longest first, so that `:this_month` is not read as `:this` and more.
    for name in sorted(bounds, key=len, reverse=True):
        sql = sql.replace(f":{name}", f"timestamp '{bounds[name].isoformat(sep=' ')}'")
    has = "e.name = 'Order Completed'" if case.base == "customers" else "true"
    now = f"timestamp '{bounds['now'].isoformat(sep=' ')}'"
    query = f"""
        with profiles as (select distinct customer from events e where {has} and e.ts <= {now})
        select count(*) from profiles p where {sql}"""
    return db.execute(query).fetchone()[0]


def expectations():
    """Every case at every instant, as the objects that `--json` prints."""
    databases: dict[str, duckdb.DuckDBPyConnection] = {}
    for number, case in enumerate(CASES, start=1):
        if case.dataset not in databases:
            databases[case.dataset] = load(case.dataset)
        for at in case.instants:
            yield {
                "dataset": case.dataset,
                "number": number,
                "rule": case.rule,
                "base": case.base,
                "at": at,
                "expected": expected(databases[case.dataset], case, at),
            }


def main() -> None:
    parser = argparse.ArgumentParser(description="What twenty rules must select, by DuckDB.")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    arguments = parser.parse_args()
    for row in expectations():
        if arguments.json:
            print(json.dumps(row))
        else:
            print(f"{row['number']:>2}  {row['at']}  {row['expected']:>6}  {row['base']}: {row['rule']}")


if __name__ == "__main__":
    main()
