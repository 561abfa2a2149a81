"""The two real data sets as orders, read from their raw files.

`orders` has a row for each order to count; `events` also has money that went back against orders that are not known,
which counts in sums; `lines` are the line items.
"""

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas

DATA = Path(__file__).resolve().parents[2] / "data"
CDNOW_NOW = "1998-07-01T00:00:00Z"
RETAIL_NOW = "2010-12-10T00:00:00Z"
NINE_DIGITS = Decimal("0.000000001")


def average(values):
    values = list(values)
    if not values:
        return None
    return (sum(values, Decimal(0)) / len(values)).quantize(NINE_DIGITS, rounding=ROUND_HALF_UP)


def median(values):
    values = sorted(values)
    if not values:
        return None
    low, high = values[(len(values) - 1) // 2], values[len(values) // 2]
    return ((low + high) / 2).quantize(NINE_DIGITS, rounding=ROUND_HALF_UP)


def cdnow():
    rows = (line.split() for line in (DATA / "cdnow" / "CDNOW_master.txt").read_text(encoding="ascii").splitlines()[1:] if line.strip())
    orders = pandas.DataFrame(rows, columns=["customer", "ts", "cds", "total"])
    orders["ts"] = pandas.to_datetime(orders.ts, format="%Y%m%d").astype("datetime64[ms]")
    orders["total"] = orders.total.map(Decimal)
    orders["net"] = orders.total
    orders["placed"] = True
    orders["row"] = range(len(orders))
    return orders, orders


def online_retail(file):
    lines = pandas.read_csv(file, dtype=str, keep_default_na=False)
    lines = lines[lines["Customer ID"] != ""]
    lines = pandas.DataFrame({
        "invoice": lines["Invoice"],
        "customer": lines["Customer ID"],
        "product_id": lines["StockCode"],
        "country": lines["Country"],
        "ts": pandas.to_datetime(lines["InvoiceDate"]).astype("datetime64[ms]"),
        "amount": [Decimal(price) * Decimal(quantity) for price, quantity in zip(lines["Price"], lines["Quantity"], strict=True)],
    })
    # An invoice is one order at the time of its first row; one that begins with C is money that goes back.
    lines["name"] = lines.invoice.map(lambda invoice: "Order Cancelled" if invoice.startswith("C") else "Order Completed")
    invoices = lines.groupby("invoice", sort=False)
    lines["ts"] = invoices.ts.transform("first")
    events = invoices.agg(
        customer=("customer", "first"), ts=("ts", "first"), country=("country", "first"), name=("name", "first"),
        total=("amount", lambda amounts: sum(amounts, Decimal(0))),
    ).reset_index()
    events["row"] = range(len(events))
    events["placed"] = events.name == "Order Completed"
    # A cancellation names no order, so that it takes off what it is of.
    events["net"] = [total if placed else -abs(total) for total, placed in zip(events.total, events.placed, strict=True)]
    return events[events.placed].copy(), events, lines
