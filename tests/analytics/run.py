#!/usr/bin/env python3
"""Holds analyses of two real data sets against independent computations with pandas and DuckDB.

    python tests/analytics/run.py --segops target/debug/segops [--keep FOLDER]

Imports CDNOW and Online Retail with the real binary, asks `segops analyse`, and computes the same from the raw
files: pandas and DuckDB know nothing of SegOps, its import or its operators. The definitions are those of
docs/analytics.md. Every number has to be equal: counts and exact sums to the last digit, shares and quantiles of
durations to 1e-9. Where an answer gives its customers with a rule, a preview of the rule has to count as many.

Prints a line for each thing compared, and exits with 1 on any difference. Needs tests/oracle/requirements.txt.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy
import pandas

import frames
from frames import CDNOW_NOW, RETAIL_NOW

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
TIMEOUT_SECONDS = 900


class Segops:
    """The binary on one data folder."""

    def __init__(self, binary, folder, now):
        self.binary, self.folder, self.now = binary, folder, now

    def run(self, *arguments):
        command = [str(self.binary), *map(str, arguments), "--data", str(self.folder), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}\nexited with {done.returncode}:\n{done.stderr or done.stdout}")
        return json.loads(done.stdout, parse_float=Decimal)

    def analyse(self, name, *arguments):
        return self.run("analyse", name, *arguments, "--at", self.now)["answer"][name]

    def customers(self, name, part, *arguments):
        return self.run("analyse", name, *arguments, "--at", self.now, "--customers", json.dumps(part))

    def preview(self, rule):
        return self.run("segment", "preview", rule, "--at", self.now, "--sample", "0")["counts"]["total"]


class Report:
    def __init__(self):
        self.compared = self.differences = 0

    def compare(self, what, expected, found):
        self.compared += 1
        equal = same(expected, found)
        self.differences += not equal
        if equal:
            print(f"ok    {what}", flush=True)
        else:
            print(f"FAIL  {what}\n      expected {expected}\n      found    {found}", flush=True)


def same(expected, found):
    if isinstance(expected, (list, tuple)):
        return isinstance(found, (list, tuple)) and len(expected) == len(found) and all(map(same, expected, found))
    if isinstance(expected, dict):
        return isinstance(found, dict) and expected.keys() == found.keys() and all(
            same(expected[key], found[key]) for key in expected)
    if isinstance(expected, (float, numpy.floating)):
        return found is not None and abs(float(expected) - float(found)) <= 1e-9 * max(1.0, abs(float(expected)))
    if isinstance(expected, Decimal):
        return found is not None and expected == Decimal(str(found))
    return expected == found


def check_rule(segops, report, name, part, expected, *arguments):
    """The customers of a part: as many as pandas counts, and their rule selects as many."""
    found = segops.customers(name, part, *arguments)
    report.compare(f"{name} customers {part}", expected, found["count"])
    if found["rule"] is not None:
        report.compare(f"{name} rule of {part}: {found['rule'][:90]}", expected, segops.preview(found["rule"]))
    return found


def quantiles(values):
    """Median and 90th percentile, between neighbours in proportion."""
    return {"median_ms": float(numpy.quantile(values, 0.5)), "p90_ms": float(numpy.quantile(values, 0.9))}


def rows_of(answer, series):
    return [row for row in answer["rows"] if row["series"] == series]


def trends(segops, orders, report, dataset):
    """Counts, customers, sums, averages and medians by month, week and day."""
    window = ("--window", "from 1997-01-01 to 1998-07-01") if dataset == "cdnow" else (
        "--window", "from 2009-12-01 to 2010-12-01")
    start, end = (pandas.Timestamp("1997-01-01"), pandas.Timestamp("1998-07-01")) if dataset == "cdnow" else (
        pandas.Timestamp("2009-12-01"), pandas.Timestamp("2010-12-01"))
    inside = orders[(orders.ts >= start) & (orders.ts < end)]
    measures = ["count", "customers", "sum:total", "average:total", "median:total", "minimum:total", "maximum:total"]
    arguments = ['"Order Completed"'] * len(measures)
    for measure in measures:
        arguments += ["--measure", measure]
    for interval, frequency in (("month", "M"), ("week", "W-SUN"), ("quarter", "Q")):
        answer = segops.analyse("trend", *arguments, "--interval", interval, *window, "--formula", "C / A")
        periods = inside.ts.dt.to_period(frequency)
        index = pandas.period_range(start.to_period(frequency), (end - pandas.Timedelta("1ms")).to_period(frequency), freq=frequency)
        found = {row["series"]: row for row in answer["rows"]}
        groups = dict(tuple(inside.groupby(periods)))
        empty = inside.iloc[0:0]
        parts = [groups.get(period, empty) for period in index]
        report.compare(f"{dataset} {interval}: count", [len(part) for part in parts], found["A"]["values"])
        report.compare(f"{dataset} {interval}: customers", [part.customer.nunique() for part in parts], found["B"]["values"])
        report.compare(f"{dataset} {interval}: customers in all", inside.customer.nunique(), found["B"]["total"])
        report.compare(f"{dataset} {interval}: sum", [sum(part.total, Decimal(0)) for part in parts], found["C"]["values"])
        report.compare(f"{dataset} {interval}: average", [frames.average(part.total) for part in parts], found["D"]["values"])
        report.compare(f"{dataset} {interval}: median", [frames.median(part.total) for part in parts], found["E"]["values"])
        report.compare(f"{dataset} {interval}: least", [min(part.total, default=None) for part in parts], found["F"]["values"])
        report.compare(f"{dataset} {interval}: greatest", [max(part.total, default=None) for part in parts], found["G"]["values"])
        report.compare(f"{dataset} {interval}: formula", [frames.average(part.total) for part in parts], found["C / A"]["values"])


def trend_compared(segops, orders, report):
    answer = segops.analyse("trend", '"Order Completed"', "--interval", "month", "--window", "from 1998-01-01 to 1998-04-01",
                            "--compare", "previous-year")
    months = orders.ts.dt.to_period("M").value_counts()
    year = [int(months.get(pandas.Period(f"{year}-{month:02}", "M"), 0)) for year in (1998, 1997) for month in (1, 2, 3)]
    row = answer["rows"][0]
    report.compare("cdnow: the year before", (year[:3], year[3:]), (row["values"], row["previous"]))
    answer = segops.analyse("trend", '"Order Completed"', "--interval", "month", "--window", "from 1998-01-01 to 1998-04-01",
                            "--compare", "previous-period")
    before = [int(months.get(pandas.Period(f"1997-{month}", "M"), 0)) for month in (10, 11, 12)]
    report.compare("cdnow: the period before", before, answer["rows"][0]["previous"])


def trend_by_country(segops, orders, lines, report):
    window = ("--window", "from 2010-01-01 to 2010-12-01")
    inside = orders[(orders.ts >= "2010-01-01") & (orders.ts < "2010-12-01")]
    answer = segops.analyse("trend", '"Order Completed"', "--measure", "customers", "--interval", "quarter", *window,
                            "--breakdown", "property:country", "--top", "4")
    sizes = inside.groupby("country").customer.nunique().reset_index()
    sizes = sizes.sort_values(["customer", "country"], ascending=[False, True])
    top = list(sizes.country[:4])
    label = inside.country.where(inside.country.isin(top), "(others)")
    quarters = pandas.period_range("2010Q1", "2010Q4", freq="Q")
    for name in [*top, "(others)"]:
        part = inside[label == name]
        group = "others" if name == "(others)" else {"value": name}
        row = next(row for row in answer["rows"] if row["group"] == group)
        by = part.groupby(part.ts.dt.to_period("Q")).customer.nunique()
        report.compare(f"online retail: customers of {name}", [int(by.get(quarter, 0)) for quarter in quarters], row["values"])
    cell = {"group": {"value": top[1]}, "bucket": 1}
    part = inside[(inside.country == top[1]) & (inside.ts.dt.quarter == 2)]
    check_rule(segops, report, "trend", cell, int(part.customer.nunique()), '"Order Completed"', "--measure", "customers",
               "--interval", "quarter", *window, "--breakdown", "property:country", "--top", "4")
    # Lines: what was sold of a product by hand, quantity times price, over line items.
    answer = segops.analyse("trend", '"Order Completed"', "--measure", "sum_by_quantity:products[].price", "--interval", "year",
                            *window, "--breakdown", "property:products[].product_id", "--top", "3")
    sold = lines[(lines.ts >= "2010-01-01") & (lines.ts < "2010-12-01") & (lines.name == "Order Completed")]
    sums = sold.groupby(sold.product_id.str.casefold()).amount.agg(lambda amounts: sum(amounts, Decimal(0)))
    best = sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:3]
    found = [(row["group"]["value"].casefold(), row["total"]) for row in answer["rows"] if isinstance(row["group"], dict) and "value" in row["group"]]
    report.compare("online retail: the products that sold for most", [(name, total) for name, total in best], found)


def net_revenue(segops, events, report, dataset):
    """Orders as they stand: cancellations without an order are money that went back."""
    answer = segops.analyse("trend", "orders", "--measure", "sum:net", "--interval", "month", "--window", "all time")
    months = events.ts.dt.to_period("M")
    first, last = events.ts.min().to_period("M"), pandas.Timestamp(segops.now).tz_localize(None).to_period("M")
    index = pandas.period_range(first, last, freq="M")
    sums = {period: sum(part.net, Decimal(0)) for period, part in events.groupby(months)}
    report.compare(f"{dataset}: net revenue by month", [sums.get(period, Decimal(0)) for period in index],
                   answer["rows"][0]["values"])


def retention(segops, orders, report, dataset, window, start, end):
    arguments = ('"Order Completed"', '"Order Completed"', "--interval", "month", "--periods", "6", "--window", window)
    answer = segops.analyse("retention", *arguments)
    first = orders.groupby("customer").ts.min()
    first = first[(first >= start) & (first < end)]
    ordered = orders[orders.customer.isin(first.index)].sort_values(["customer", "ts", "row"])
    # The first order itself is no return; others of the same instant are.
    later = ordered[ordered.groupby("customer").cumcount() > 0]
    month = lambda ts: ts.dt.year * 12 + ts.dt.month
    cohort_of = month(first)
    after = month(later.ts) - later.customer.map(cohort_of)
    months = pandas.period_range(start.to_period("M"), (end - pandas.Timedelta("1ms")).to_period("M"), freq="M")
    for cohort, period in zip(answer["cohorts"], months, strict=True):
        key = period.year * 12 + period.month
        members = set(cohort_of[cohort_of == key].index)
        report.compare(f"{dataset} retention {period}: customers", len(members), cohort["customers"])
        expected = [int(later[(after == cell["period"]) & later.customer.isin(members)].customer.nunique()) for cell in cohort["periods"]]
        report.compare(f"{dataset} retention {period}", expected, [cell["retained"] for cell in cohort["periods"]])
    key = months[1].year * 12 + months[1].month
    members = set(cohort_of[cohort_of == key].index)
    kept = int(later[(after == 2) & later.customer.isin(members)].customer.nunique())
    check_rule(segops, report, "retention", {"cohort": 1, "period": 2}, kept, *arguments)
    check_rule(segops, report, "retention", {"cohort": 1, "period": 2, "lost": True}, len(members) - kept, *arguments)


def cohorts(segops, orders, events, report, dataset, now):
    answer = segops.analyse("cohorts", "--interval", "quarter", "--days", "0,30,90,180")
    placed = orders.sort_values(["customer", "ts", "row"])
    first = placed.groupby("customer").ts.min()
    second = placed.groupby("customer").ts.nth(1)
    second.index = placed[placed.groupby("customer").cumcount() == 1].customer
    quarters = first.dt.to_period("Q")
    found = {pandas.Timestamp(cohort["start"]).tz_localize(None).to_period("Q"): cohort for cohort in answer["cohorts"]}
    for quarter in sorted(quarters.unique()):
        members = first[quarters == quarter]
        cohort = found[quarter]
        report.compare(f"{dataset} cohort {quarter}: customers", len(members), cohort["customers"])
        for follow in cohort["follow_up"]:
            days = pandas.Timedelta(days=follow["days"])
            followed = members[members + days <= now]
            gap = second.reindex(followed.index) - followed
            of = events[events.customer.isin(followed.index)]
            starts = of.customer.map(followed) if len(followed) else of.ts
            inside = of[(of.ts < starts + days) | (of.ts == starts)]
            expected = {
                "followed": len(followed),
                "repeat": int((gap < days).sum()),
                "orders": int(inside.placed.sum()),
                "net": sum(inside.net, Decimal(0)),
            }
            shown = {
                "followed": follow["followed"],
                "repeat": follow["repeat_customers"],
                "orders": follow["orders"],
                "net": sum((Decimal(str(value["net"])) for value in follow["value"]), Decimal(0)),
            }
            report.compare(f"{dataset} cohort {quarter} after {follow['days']} days", expected, shown)


def rfm(segops, orders, events, report, dataset):
    answer = segops.analyse("rfm")
    customers = pandas.DataFrame({
        "recency": orders.groupby("customer").ts.max().astype("int64"),
        "frequency": orders.groupby("customer").size(),
        "monetary": events[events.customer.isin(orders.customer)].groupby("customer").net.agg(lambda net: sum(net, Decimal(0))),
    })
    count = len(customers)
    scores = pandas.DataFrame({
        name: 1 + (5 * (column.rank(method="min").astype(int) - 1)) // count for name, column in
        ((name, customers[name].map(float) if name == "monetary" else customers[name]) for name in customers)
    })
    expected = scores.groupby(["recency", "frequency", "monetary"]).size().to_dict()
    found = {(cell["recency"], cell["frequency"], cell["monetary"]): cell["customers"] for cell in answer["cells"]}
    report.compare(f"{dataset} RFM: {len(expected)} cells of {count} customers", {key: int(n) for key, n in expected.items()}, found)
    report.compare(f"{dataset} RFM: net of all cells", sum(customers.monetary, Decimal(0)),
                   sum((Decimal(str(cell["net"])) for cell in answer["cells"]), Decimal(0)))
    for cell in ((5, 5, 5), (1, 1, 1)):
        if cell in expected:
            part = dict(zip(("recency", "frequency", "monetary"), cell, strict=True))
            check_rule(segops, report, "rfm", part, int(expected[cell]))


def lifecycle(segops, orders, report, dataset, start):
    now = pandas.Timestamp(segops.now).tz_localize(None)
    active, lapsed = pandas.Timedelta(days=60), pandas.Timedelta(days=150)
    arguments = ("--from", f"{start}T00:00:00Z", "--active-days", "60", "--lapsed-days", "150")
    answer = segops.analyse("lifecycle", *arguments)

    def stages(at):
        up_to = orders[orders.ts <= at]
        last = up_to.groupby("customer").ts.max()
        before = up_to[up_to.ts <= at - active].groupby("customer").ts.max().reindex(last.index)
        stage = pandas.Series("lapsed", index=last.index)
        stage[last > at - lapsed] = "at_risk"
        is_active = last > at - active
        stage[is_active & before.isna()] = "new"
        stage[is_active & (before > at - active - lapsed)] = "active"
        stage[is_active & (before <= at - active - lapsed)] = "won_back"
        return stage

    old, new = stages(pandas.Timestamp(start)), stages(now)
    pairs = pandas.DataFrame({"old": old.reindex(new.index).fillna("not_yet"), "new": new})
    expected = {key: int(count) for key, count in pairs.groupby(["old", "new"]).size().items()}
    found = {(flow["from"], flow["to"]): flow["customers"] for flow in answer["flows"]}
    report.compare(f"{dataset} lifecycle: {len(expected)} flows", expected, found)
    for flow in sorted(expected)[:3]:
        check_rule(segops, report, "lifecycle", {"from": flow[0], "to": flow[1]}, expected[flow], *arguments)


def funnel(segops, orders, report):
    """Of CDNOW customers: an order, another less than 60 days after it, a third less than 60 after that."""
    window = "from 1997-01-01 to 1998-01-01"
    steps = ['"Order Completed"'] * 3
    connection = duckdb.connect()
    inside = orders[(orders.ts >= "1997-01-01") & (orders.ts < "1998-01-01")][["customer", "ts", "row"]]
    connection.register("orders", inside)
    pairs = """
        with ordered as (select *, row_number() over (partition by customer order by ts, row) as n from orders)
        select count(distinct a.customer),
            (select count(distinct a.customer) from ordered a join ordered b on a.customer = b.customer and b.n > a.n
                where b.ts < a.ts + interval 60 day),
            (select count(distinct a.customer) from ordered a join ordered b on a.customer = b.customer and b.n > a.n
                join ordered c on c.customer = b.customer and c.n > b.n
                where b.ts < a.ts + interval 60 day and c.ts < b.ts + interval 60 day)
        from ordered a
    """
    expected = list(connection.execute(pairs).fetchone())
    answer = segops.analyse("funnel", *steps, "--step-within", "60 days", "--window", window)
    counts = answer["rows"][0]["steps"]
    report.compare("cdnow funnel, 60 days for each step", expected, [step["customers"] for step in counts])
    check_rule(segops, report, "funnel", {"step": 2, "outcome": "dropped"}, expected[1] - expected[2], *steps,
               "--step-within", "60 days", "--window", window)
    whole = pairs.replace("c.ts < b.ts + interval 60 day", "c.ts < a.ts + interval 60 day")
    expected = list(connection.execute(whole).fetchone())
    answer = segops.analyse("funnel", *steps, "--within", "60 days", "--window", window)
    report.compare("cdnow funnel, 60 days for all", expected, [step["customers"] for step in answer["rows"][0]["steps"]])
    check_rule(segops, report, "funnel", {"step": 1, "outcome": "dropped"}, expected[0] - expected[1], *steps,
               "--within", "60 days", "--window", window)
    # Two steps without a limit: the time from the first order to the second.
    ordered = inside.sort_values(["customer", "ts", "row"])
    firsts = ordered[ordered.groupby("customer").cumcount() == 0].set_index("customer").ts
    seconds = ordered[ordered.groupby("customer").cumcount() == 1].set_index("customer").ts
    gaps = ((seconds - firsts.reindex(seconds.index)) / pandas.Timedelta("1ms")).to_numpy()
    answer = segops.analyse("funnel", *steps[:2], "--window", window)
    report.compare("cdnow funnel: time to the second order", quantiles(gaps), answer["rows"][0]["to_convert"])


def change(segops, orders, events, report):
    """Revenue of two quarters by country: contributions by hand, and their sum."""
    answer = segops.analyse("change", "revenue", "--before", "from 2010-01-01 to 2010-04-01", "--after",
                            "from 2010-07-01 to 2010-10-01", "--dimension", "property:country")
    before = orders[(orders.ts >= "2010-01-01") & (orders.ts < "2010-04-01")]
    after = orders[(orders.ts >= "2010-07-01") & (orders.ts < "2010-10-01")]
    old, new = sum(before.total, Decimal(0)), sum(after.total, Decimal(0))
    report.compare("online retail change: levels", (old, new, new - old),
                   (answer["before"]["value"], answer["after"]["value"], answer["change"]))
    groups = answer["dimensions"][0]["groups"]
    for country in ("United Kingdom", "EIRE", "Germany"):
        one, two = (sum(part[part.country == country].total, Decimal(0)) for part in (before, after))
        found = next(group for group in groups if group["group"] == {"value": country})
        report.compare(f"online retail change: what {country} adds", two - one, found["contribution"])
    report.compare("online retail change: the sum of all contributions", new - old,
                   sum((Decimal(str(group["contribution"])) for group in groups), Decimal(0)))


def predictors(segops, orders, report, now):
    """A second order within 90 days, by the country of the first."""
    answer = segops.analyse("predictors", "--days", "90", "--dimension", "property:country")
    placed = orders.sort_values(["customer", "ts", "row"])
    first = placed[placed.groupby("customer").cumcount() == 0].set_index("customer")
    second = placed[placed.groupby("customer").cumcount() == 1].set_index("customer").ts
    first = first[first.ts + pandas.Timedelta(days=90) <= now]
    again = (second.reindex(first.index) - first.ts) < pandas.Timedelta(days=90)
    report.compare("online retail predictors: customers and outcome", (len(first), int(again.sum())),
                   (answer["customers"], answer["with_outcome"]))
    for row in answer["predictors"]:
        value = row["feature"].get("value", {}).get("group", {}) if "value" in row["feature"] else {}
        if isinstance(value, dict) and "value" in value:
            having = first.country == value["value"]
            report.compare(f"online retail predictors: {value['value']}", (int(having.sum()), int(again[having].sum())),
                           (row["raw"]["with"], row["raw"]["with_outcome"]))


def basket(segops, lines, report):
    """Pairs of products in one order."""
    answer = segops.analyse("basket", "items[].product_id", "--orders-min", "200", "--top", "50")
    sold = lines[lines.name == "Order Completed"][["customer", "invoice", "product_id"]].copy()
    sold["product_id"] = sold.product_id.str.casefold()
    connection = duckdb.connect()
    connection.register("sold", sold.drop_duplicates())
    pairs = connection.execute("""
        with items as (select distinct invoice, product_id from sold),
        counts as (select product_id, count(*) as n from items group by all)
        select a.product_id, b.product_id, count(*) as both, ca.n, cb.n
        from items a join items b on a.invoice = b.invoice and a.product_id <> b.product_id
        join counts ca on ca.product_id = a.product_id join counts cb on cb.product_id = b.product_id
        group by all having count(*) >= 200
    """).fetchall()
    total = sold.invoice.nunique()
    expected = sorted(((first, second), (both, n1, n2, both / n1 / (n2 / total))) for first, second, both, n1, n2 in pairs)
    found = sorted(((pair["first"].casefold(), pair["second"].casefold()),
                    (pair["both"], pair["with_first"], pair["with_second"], float(pair["lift"]))) for pair in answer["pairs"])
    report.compare("online retail basket: orders", total, answer["orders"])
    best = sorted(expected, key=lambda item: -item[1][3])[:50]
    report.compare(f"online retail basket: {len(best)} pairs", sorted(best), found)


def check_cdnow(segops, report):
    orders, events = frames.cdnow()
    now = pandas.Timestamp(CDNOW_NOW).tz_localize(None)
    trends(segops, orders, report, "cdnow")
    trend_compared(segops, orders, report)
    net_revenue(segops, events, report, "cdnow")
    retention(segops, orders, report, "cdnow", "from 1997-01-01 to 1997-04-01", pandas.Timestamp("1997-01-01"), pandas.Timestamp("1997-04-01"))
    cohorts(segops, orders, events, report, "cdnow", now)
    rfm(segops, orders, events, report, "cdnow")
    lifecycle(segops, orders, report, "cdnow", "1997-12-01")
    funnel(segops, orders, report)


def check_retail(segops, report, folder):
    orders, events, lines = frames.online_retail(folder / "online_retail_2009.csv")
    now = pandas.Timestamp(RETAIL_NOW).tz_localize(None)
    trends(segops, orders, report, "online retail")
    trend_by_country(segops, orders, lines, report)
    net_revenue(segops, events, report, "online retail")
    retention(segops, orders, report, "online retail", "from 2009-12-01 to 2010-06-01", pandas.Timestamp("2009-12-01"), pandas.Timestamp("2010-06-01"))
    cohorts(segops, orders, events, report, "online retail", now)
    rfm(segops, orders, events, report, "online retail")
    lifecycle(segops, orders, report, "online retail", "2010-08-01")
    change(segops, orders, events, report)
    predictors(segops, orders, report, now)
    basket(segops, lines, report)


def main():
    parser = argparse.ArgumentParser(description="Holds analyses of real data against pandas and DuckDB.")
    parser.add_argument("--segops", type=Path, required=True, help="the binary")
    parser.add_argument("--keep", type=Path, help="work in this folder, and leave it there")
    arguments = parser.parse_args()
    report = Report()
    binary = arguments.segops.resolve()
    with tempfile.TemporaryDirectory(prefix="segops-analytics-") as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        cdnow = Segops(binary, folder / "cdnow", CDNOW_NOW)
        if not cdnow.folder.exists():
            cdnow.run("import", "--mapping", DATA / "cdnow" / "mapping.toml", DATA / "cdnow" / "CDNOW_master.txt")
        check_cdnow(cdnow, report)
        command = [sys.executable, str(DATA / "make_csv.py"), str(folder)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS)
        retail = Segops(binary, folder / "online_retail", RETAIL_NOW)
        if not retail.folder.exists():
            retail.run("import", "--mapping", DATA / "online_retail" / "mapping.toml", folder / "online_retail_2009.csv")
        check_retail(retail, report, folder)
    print(f"{report.compared} compared, {report.differences} different")
    sys.exit(1 if report.differences or not report.compared else 0)


if __name__ == "__main__":
    main()
