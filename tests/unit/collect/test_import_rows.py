from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as papq
import pytest

from foretell import collect
from foretell.collect import frames, importing, read_frame, readers, row_frames
from foretell.errors import ForetellError
from tests.unit.collect.decoding import NOW
from tests.unit.collect.workspace import catalog, shop

VISITS = """
format: csv
skip:
  - {name: tests, when: "starts_with(email, 'test')"}
mappings:
  - name: signups
    when: action = 'signup'
    track: Signed Up
    timestamp: at
    identifiers: {user_id: id, email: email}
    traits: {plan: plan, address: {city: city}}
    properties: {plan: plan, seats: number(seats), big: seats > 10}
  - name: people
    when: action = 'profile'
    identify: true
    identifiers: {user_id: id}
    traits: {plan: plan}
"""
HEADER = "id,email,action,at,plan,seats,city\n"

ORDERS = """
format: {format}
zone: Europe/London
group_by: invoice
mappings:
  - name: orders
    when: sum(qty) > 0
    track: Order Completed
    timestamp: at
    identifiers: {{user_id: customer, anonymous_id: "if(empty(customer), concat('invoice:', invoice))"}}
    traits: {{country: country}}
    properties: {{order_id: invoice, revenue: sum(qty * price), lines: count()}}
    items: {{array: products, properties: {{product_id: sku, quantity: qty, price: price}}}}
  - name: refunds
    when: sum(qty) < 0
    track: Order Refunded
    timestamp: at
    message_id: invoice
    identifiers: {{user_id: customer}}
    properties: {{order_id: invoice, total: -sum(qty * price)}}
"""
LINES = [
    ("i1", "a", "2", "1.005", "2024-01-05 10:00", "17850.0", "UK"),
    ("i2", "b", "1", "10", "2024-05-01 00:30", "", "UK"),
    ("i1", "b", "1", "0.001", "2024-01-05 09:00", "17850.0", "FR"),
    ("i1", "a", "2", "1.005", "2024-01-05 10:00", "17850.0", "UK"),
    ("c3", "b", "-1", "10", "2024-05-02 00:30", "12346", "UK"),
]
COLUMNS = ("invoice", "sku", "qty", "price", "at", "customer", "country")


def as_csv(rows: list[tuple[str, ...]]) -> str:
    return "\n".join([",".join(COLUMNS), *(",".join(row) for row in rows)]) + "\n"


def all_told(report: collect.FileReport) -> None:
    """Every row is accounted for."""
    assert report.rows == sum(report.mappings.values()) + sum(report.skipped.values()) + report.quarantined


def test_rows_become_events(tmp_path: Path) -> None:
    text = HEADER + (
        "1,Ann@x.org,signup,2024-03-01T10:00:00+01:00,pro,12,Rome\n"
        "2,test@x.org,signup,2024-03-01T10:00:00,pro,1,Rome\n"
        '3,b@x.org,signup,2024-05-01 10:00,"a, b",,\n'
        "4,,profile,,free,,\n"
    )
    with shop(tmp_path, visits=VISITS) as it:
        report = it.load("visits.csv", text, "visits")
        assert report.mappings == {"signups": 2, "people": 1}
        assert report.mapped_events == {"signups": 2, "people": 1}
        assert report.skipped == {"tests": 1}
        assert (report.rows, report.events, report.quarantined) == (4, 3, 0)
        found = it.query("SELECT event, type, timestamp, properties, source FROM events ORDER BY timestamp")
        assert found[0] == {
            "event": "Signed Up",
            "type": "track",
            "timestamp": datetime(2024, 3, 1, 9, 0),
            "properties": '{"plan":"pro","seats":12,"big":true}',
            "source": "visits",
        }
        assert found[1]["timestamp"] == datetime(2024, 5, 1, 9, 0), "London has summer time"
        assert found[1]["properties"] == '{"plan":"a, b","seats":null,"big":false}'
        assert found[2]["event"] == "Identify"
        kinds = it.query("SELECT kind, value FROM identifiers ORDER BY kind, value")
        assert {"kind": "email", "value": "ann@x.org"} in kinds
        assert it.load("visits.csv", text, "visits").duplicates == 3


def test_equal_rows_are_two_events_and_stay_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "FRAME_ROWS", 3)
    row = "1,a@x.org,signup,2024-03-01T10:00:00,pro,12,Rome\n"
    with shop(tmp_path, visits=VISITS) as it:
        assert it.load("visits.csv", HEADER + row * 10, "visits").events == 10
        assert it.load("visits.csv", HEADER + row * 10, "visits").events == 0
        assert it.load("visits.csv", HEADER + row * 11, "visits").events == 1


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
@pytest.mark.parametrize("frame_rows", [1, 2, 100])
def test_groups_become_one_event_in_every_format(
    tmp_path: Path, kind: str, frame_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "FRAME_ROWS", frame_rows)
    path = tmp_path / f"orders.{kind}"
    if kind == "csv":
        source = ORDERS.format(format=kind).replace("user_id: customer", "user_id: whole(customer)")
        path.write_text(as_csv(LINES))
    else:
        source = ORDERS.format(format=kind)
        typed = [(i, s, int(q), float(p), at, float(c) if c else None, y) for i, s, q, p, at, c, y in LINES]
        if kind == "parquet":
            papq.write_table(pa.table(dict(zip(COLUMNS, zip(*typed, strict=True), strict=True))), path)
        else:
            book = openpyxl.Workbook()
            for row in [COLUMNS, *typed]:
                book.active.append(row)
            book.save(path)
    with shop(tmp_path, orders=source) as it:
        report = it.load(path.name, None, "orders")
        assert report.mappings == {"orders": 4, "refunds": 1}
        assert report.mapped_events == {"orders": 2, "refunds": 1}
        all_told(report)
        found = it.query(
            "SELECT order_id, kind, timestamp, amount_minor, currency FROM orders ORDER BY timestamp, order_id"
        )
        assert [tuple(row.values()) for row in found] == [
            # the first line of the file counts for the time; 2 x 1.005 + 2 x 1.005 + 0.001 = 4.021
            ("i1", "completed", datetime(2024, 1, 5, 10), 402, "GBP"),
            ("i2", "completed", datetime(2024, 4, 30, 23, 30), 1000, "GBP"),
            ("c3", "refunded", datetime(2024, 5, 1, 23, 30), -1000, "GBP"),
        ]
        items = it.query(
            "SELECT ordinal, product_id, quantity, price FROM order_items WHERE order_id = 'i1' ORDER BY 1"
        )
        assert [(i["ordinal"], i["product_id"], i["quantity"], i["price"]) for i in items] == [
            (0, "a", 2.0, 1.005),
            (1, "b", 1.0, 0.001),
            (2, "a", 2.0, 1.005),
        ]
        people = it.query("SELECT kind, value FROM identifiers ORDER BY kind, value")
        assert people == [
            {"kind": "anonymous_id", "value": "invoice:i2"},
            {"kind": "user_id", "value": "12346"},
            {"kind": "user_id", "value": "17850"},
        ]
        assert it.load(path.name, None, "orders").duplicates == 3


def test_a_group_is_never_split_between_frames() -> None:
    table = pa.table({"c0": ["a"] * 5 + ["b"] * 2 + ["c"] * 9 + [None] * 6, "line": range(22)})
    pieces = [table.slice(start, 3) for start in range(0, 22, 3)]
    seen = list(row_frames.whole_groups(iter(pieces), ["c0"], 4))
    assert pa.concat_tables(seen).equals(table)
    for key in ("a", "b", "c"):
        assert sum(key in piece["c0"].to_pylist() for piece in seen) == 1
    assert len(seen) > 2


def test_bad_rows_go_to_quarantine_with_their_number_and_reason(tmp_path: Path) -> None:
    text = HEADER + (
        "1,a@x.org,signup,2024-03-01T10:00:00,pro,12,Rome\n"
        "2,b@x.org,signup,soon,pro,12,Rome\n"
        "3,c@x.org,signup,2024-03-01T10:00:00,pro,many,Rome\n"
        ",,signup,2024-03-01T10:00:00,pro,1,Rome\n"
        "5,e@x.org,dance,2024-03-01T10:00:00,pro,1,Rome\n"
        "6,f@x.org\n"
        "7,g@x.org,signup,2024-03-01T10:00:00,pro,1,Rome,too,many\n"
        "8,h@x.org,signup,2024-03-01T10:00:00,pro,1,Rome\n"
        "9,i@x.org,signup,,pro,1,Rome\n"
    )
    with shop(tmp_path, visits=VISITS) as it:
        report = it.load("visits.csv", text, "visits")
        all_told(report)
        assert (report.rows, report.events, report.quarantined) == (9, 2, 7)
        found = {row.line: (row.code, row.message) for row in collect.quarantined(it.engine)}
        assert found == {
            3: ("BAD_TIMESTAMP", "the timestamp is missing or not understood"),
            4: ("BAD_NUMBER", "column seats holds no number"),
            5: ("NO_IDENTIFIER", "none of the identifiers of 'signups' has a value: user_id, email"),
            6: ("NO_MAPPING", "no mapping takes this row"),
            7: ("BAD_ROW", "the row has 2 fields where the header has 7"),
            8: ("BAD_ROW", "the row has 9 fields where the header has 7"),
            10: ("BAD_TIMESTAMP", "the timestamp is missing or not understood"),
        }
        (row,) = [row for row in collect.quarantined(it.engine) if row.line == 6]
        assert '"action":"dance"' in (row.body or "")
        assert it.query("SELECT count(*) AS n FROM event_log WHERE message_id IS NULL") == [{"n": 0}]


def test_rejected_rows_keep_the_numbers_of_the_others_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_BLOCK_BYTES", 256)
    rows = [f"{n},u{n}" if n % 7 else f"{n},too,many" for n in range(1, 200)]
    source = "format: csv\nmappings: [{name: a, track: A, identifiers: {user_id: id}, properties: {n: id}}]"
    with shop(tmp_path, s=source) as it:
        report = it.load("a.csv", "id,name\n" + "\n".join(rows) + "\n", "s")
        all_told(report)
        assert (report.rows, report.quarantined) == (199, 28)
        assert sorted(row.line or 0 for row in collect.quarantined(it.engine)) == list(range(8, 201, 7))
        (frame,) = [piece.frame for piece in importing.frames_of(tmp_path / "a.csv", it.catalog, "s", NOW)[1]]
        events = read_frame(frame)[0].events.to_pylist()
        assert all(event["properties"] == f'{{"n":"{event["line"] - 1}"}}' for event in events)
        assert len(events) == 171


def test_a_file_of_which_nothing_fits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_frames, "MOST_REJECTED", 10)
    with shop(tmp_path, s=csv_source()) as it:
        with pytest.raises(ForetellError) as caught:
            it.load("a.csv", "id,name\n1,a\n" + "1,2,3\n" * 20, "s")
        assert caught.value.code == "FILE_FORMAT"
        assert "the row has 3 fields where the header has 2" in caught.value.what


def test_one_bad_line_keeps_its_whole_group_back(tmp_path: Path) -> None:
    rows = [*LINES[:3], ("i1", "x", "three", "1", "2024-01-05 10:00", "17850", "UK"), ("", "x", "1", "1", "", "", "")]
    with shop(tmp_path, orders=ORDERS.format(format="csv")) as it:
        report = it.load("orders.csv", as_csv(rows), "orders")
        all_told(report)
        assert (report.events, report.quarantined) == (1, 4)
        found = sorted((row.line, row.code) for row in collect.quarantined(it.engine))
        assert found == [
            (2, "GROUP_INCOMPLETE"),
            (4, "GROUP_INCOMPLETE"),
            (5, "BAD_NUMBER"),
            (6, "NO_GROUP_KEY"),
        ]


def test_products_and_accounts(tmp_path: Path) -> None:
    products = """
format: csv
delimiter: ";"
encoding: latin-1
mappings:
  - name: products
    product: true
    properties:
      product_id: sku
      name: name
      price: number(replace(price, ',', '.'))
      category: column('Waren Gruppe')
"""
    accounts = """
format: csv
mappings:
  - {name: accounts, account: true, properties: {account_id: id, plan: plan}}
"""
    with shop(tmp_path, products=products, accounts=accounts) as it:
        text = "sku;name;price;Waren Gruppe\nA1;Käse;1,50;Food\nA2;Öl;20;Food\n"
        assert it.load("products.csv", text.encode("latin-1"), "products").events == 2
        assert it.load("accounts.csv", "id,plan\n7,pro\n", "accounts").events == 1
        found = it.query("SELECT product_id, name, price, category FROM products ORDER BY 1")
        assert found[0] == {"product_id": "A1", "name": "Käse", "price": 1.5, "category": "Food"}
        assert it.query("SELECT count(*) AS n FROM identifiers") == [{"n": 0}]
        events = it.query("SELECT event, properties FROM events WHERE source = 'accounts'")
        assert events == [{"event": "Account Updated", "properties": '{"account_id":"7","plan":"pro"}'}]


def test_times_by_a_format(tmp_path: Path) -> None:
    source = """
format: csv
zone: America/New_York
mappings:
  - name: calls
    track: Called
    timestamp: at
    timestamp_format: "%d/%m/%Y %H:%M"
    identifiers: {phone: phone}
"""
    with shop(tmp_path, calls=source) as it:
        rows = "01/02/2024 09:30,+1555\n2024-02-01,+1555\n01/01/0001 00:00,+1555\n"
        report = it.load("calls.csv", f"at,phone\n{rows}", "calls")
        assert (report.events, report.quarantined) == (1, 2)
        assert it.query("SELECT timestamp FROM events") == [{"timestamp": datetime(2024, 2, 1, 14, 30)}]


def csv_source(**changes: Any) -> str:
    spec = {"format": "csv", "column": "id", **changes}
    return (
        f"format: {spec['format']}\n"
        f"mappings: [{{name: a, track: A, identifiers: {{user_id: {spec['column']}}}}}]\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("source", "name", "content", "code", "status", "words"),
    [
        (csv_source(column="idd"), "a.csv", b"id,b\n1,2\n", "UNKNOWN_COLUMN", 2, "there is no column 'idd' (source s)"),
        (csv_source(), "a.csv", b"", "FILE_EMPTY", 1, "the file has no row"),
        (csv_source(), "a.csv", b"id,b\n", "FILE_EMPTY", 1, "the file has no row"),
        (
            csv_source(),
            "a.csv",
            "id,b\nü,2\n".encode("latin-1"),
            "FILE_ENCODING",
            1,
            "the file is not written in utf-8",
        ),
        (csv_source(format="parquet"), "a.parquet", b"id,b\n1,2\n", "FILE_FORMAT", 1, "cannot be read as parquet"),
        (csv_source(format="xlsx"), "a.xlsx", b"id,b\n1,2\n", "FILE_FORMAT", 1, "cannot be read as xlsx"),
        (csv_source(), "gone.csv", None, "FILE_MISSING", 1, "there is no such file"),
    ],
)
def test_files_that_do_not_fit_their_source(
    tmp_path: Path, source: str, name: str, content: bytes | None, code: str, status: int, words: str
) -> None:
    with shop(tmp_path, s=source) as it:
        with pytest.raises(ForetellError) as caught:
            it.load(name, content, "s")
        assert (caught.value.code, caught.value.exit_status) == (code, status)
        assert caught.value.headline.startswith(str(tmp_path / name))
        assert words in caught.value.headline
        assert it.query("SELECT count(*) AS n FROM events") == [{"n": 0}]


def test_a_missing_column_has_a_near_miss(tmp_path: Path) -> None:
    with shop(tmp_path, s=csv_source(column="customer_id")) as it:
        with pytest.raises(ForetellError) as caught:
            it.load("a.csv", b"CustomerID,b\n1,2\n", "s")
        assert caught.value.next_step == "Did you mean 'CustomerID'?"


def test_a_missing_sheet(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    with shop(tmp_path, s=csv_source(format="xlsx") + "sheet: Orders\n") as it:
        with pytest.raises(ForetellError) as caught:
            it.load("a.xlsx", None, "s")
        assert (caught.value.code, caught.value.next_step) == ("SHEET_MISSING", "Its sheets are: Sheet.")


def test_columns_with_odd_and_colliding_names(tmp_path: Path) -> None:
    source = """
format: csv
mappings:
  - name: a
    track: A
    identifiers: {user_id: "`the \\"id\\"`"}
    properties: {upper: Name, lower: name, line: line}
"""
    with shop(tmp_path, s=source) as it:
        it.load("a.csv", '"the ""id""",Name,name,line,nth\n1,A,b,7,8\n', "s")
        assert it.query("SELECT properties FROM events") == [{"properties": '{"upper":"A","lower":"b","line":"7"}'}]


def test_the_preview_of_rows_counts_mappings_and_stores_nothing(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(as_csv(LINES))
    found = collect.preview(catalog(tmp_path, {"orders": ORDERS.format(format="csv")}), path, "orders", now=NOW)
    assert (found.rows, found.events) == (5, 3)
    assert found.mappings == {"orders": 4, "refunds": 1}
    assert found.first[0]["event"] == "Order Completed"
    assert found.first[0]["properties"].startswith('{"order_id":"i1","revenue":4.021,"lines":3,"products":[')
