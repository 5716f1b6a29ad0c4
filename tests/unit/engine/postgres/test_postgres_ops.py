"""The store on PostgreSQL where something goes wrong, and what it alone offers."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from foretell.engine import PostgresPlace
from foretell.engine.postgres import PostgresOps, PostgresTx
from foretell.errors import ForetellError, UsageError
from foretell.testing.postgres import postgres_server
from tests.support.pairs import server_of_run


def rows(ops: PostgresOps) -> list[tuple[Any, ...]]:
    return ops.query("SELECT name, n FROM things ORDER BY name")


def end_sessions(place: PostgresPlace, purpose: str) -> None:
    """Let the server end the sessions of one purpose."""
    with psycopg.connect(place.url, autocommit=True) as connection:
        sql = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE %s"
        assert all(done for (done,) in connection.execute(sql, (f"foretell {purpose} %",)).fetchall())


class Cut:
    """A connection whose end the server sees and we do not: the answer to a COMMIT is lost."""

    def __init__(self, connection: Any, *, before: bool) -> None:
        self._connection, self._before = connection, before

    def execute(self, sql: str, *params: Any) -> Any:
        if sql != "COMMIT":
            return self._connection.execute(sql, *params)
        if not self._before:
            self._connection.execute(sql)
        self._connection.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def enter_and_cut(ops: PostgresOps, *, before: bool) -> None:
    with ops.write() as tx:
        tx.execute("INSERT INTO things VALUES ('a', 1)")
        tx.link.connection = Cut(tx.link.connection, before=before)  # type: ignore[assignment]


def test_a_lost_answer_to_a_commit_is_found_out(ops: PostgresOps) -> None:
    enter_and_cut(ops, before=False)
    assert rows(ops) == [("a", 1)]
    with ops.write() as tx:
        tx.execute("DELETE FROM things")
    with pytest.raises(ForetellError) as told:
        enter_and_cut(ops, before=True)
    assert (told.value.code, told.value.transient) == ("STORE_GONE", True)
    assert rows(ops) == []
    with ops.write() as tx:
        tx.execute("INSERT INTO things VALUES ('b', 2)")
    assert rows(ops) == [("b", 2)]


def test_sessions_that_end_between_two_uses_are_opened_anew(ops: PostgresOps, place: PostgresPlace) -> None:
    rows(ops)
    ops.look_up("SELECT 1")
    for purpose in ("reader", "looker", "writer"):
        end_sessions(place, purpose)
    assert rows(ops) == []
    assert ops.look_up("SELECT count(*) FROM things") == [(0,)]
    with ops.write() as tx:
        tx.execute("INSERT INTO things VALUES ('a', 1)")
    assert rows(ops) == [("a", 1)]


def test_a_session_that_ends_in_a_transaction_takes_everything_back(ops: PostgresOps, place: PostgresPlace) -> None:
    def work() -> None:
        with ops.write() as tx:
            tx.put("put", pa.table({"n": [1]}))
            tx.execute("INSERT INTO things VALUES ('a', 1)")
            end_sessions(place, "writer")
            tx.execute("INSERT INTO things VALUES ('b', 2)")

    with pytest.raises(ForetellError) as told:
        work()
    assert told.value.code == "STORE_GONE"
    assert rows(ops) == []
    with ops.write() as tx:
        tx.put("put", pa.table({"n": [1]}))
        tx.execute("INSERT INTO things SELECT 'c', n FROM put")
    assert rows(ops) == [("c", 1)]


def test_a_server_that_is_killed_and_comes_back_keeps_what_was_committed() -> None:
    with postgres_server() as server:
        ops = PostgresOps(PostgresPlace(server.url, "shop"), patience_seconds=20)
        with ops.write() as tx:
            tx.execute("CREATE TABLE things (name TEXT PRIMARY KEY, n BIGINT)")
            tx.execute("INSERT INTO things VALUES ('a', 1)")
        back = threading.Thread(target=server.start)

        def work() -> None:
            with ops.write() as tx:
                tx.execute("INSERT INTO things VALUES ('b', 2)")
                server.kill()
                back.start()

        with pytest.raises(ForetellError) as told:
            work()
        assert (told.value.code, told.value.transient) == ("STORE_GONE", True)
        assert rows(ops) == [("a", 1)]
        back.join(30)
        ops.close()
        server.kill()
        with pytest.raises(ForetellError) as told:
            PostgresOps(PostgresPlace(server.url, "shop"), patience_seconds=0.1)
        assert (told.value.code, told.value.transient) == ("STORE_GONE", True)


def test_a_transaction_that_fails_leaves_no_temporary_table_behind(ops: PostgresOps) -> None:
    def put_and_stop(table: pa.Table) -> None:
        with ops.write() as tx:
            tx.put("put", table)
            raise KeyError("stop")

    for shape in ({"n": [1]}, {"n": [1], "m": ["x"]}, {"n": [1]}):
        with pytest.raises(KeyError):
            put_and_stop(pa.table(shape))
    with ops.write() as tx:
        tx.put("put", pa.table({"n": [7]}), key="n")
        assert tx.query("SELECT * FROM put") == [(7,)]
    with ops.write() as tx:
        tx.put("put", pa.table({"n": [8, 9]}), key="n")
        tx.put("put", pa.table({"n": [10]}), key="n")
        assert tx.query("SELECT * FROM put") == [(10,)]


def test_a_fault_that_is_swallowed_does_not_pass_for_a_commit(ops: PostgresOps) -> None:
    def work() -> None:
        with ops.write() as tx:
            tx.execute("INSERT INTO things VALUES ('a', 1)")
            with pytest.raises(psycopg.Error):
                tx.execute("INSERT INTO things VALUES ('a', 1)")

    with pytest.raises(ForetellError) as told:
        work()
    assert told.value.code == "STORE_FAILED"
    assert rows(ops) == []


def test_claims_pass_each_other_over_and_changes_wait_for_the_turn(place: PostgresPlace, ops: PostgresOps) -> None:
    with ops.write() as tx:
        tx.executemany("INSERT INTO things VALUES (?, ?)", [(f"t{n}", n) for n in range(4)])
    other, third = PostgresOps(place), PostgresOps(place)
    claim = "SELECT name FROM things ORDER BY name LIMIT 2 FOR UPDATE SKIP LOCKED"
    done: list[str] = []
    with ops.claiming() as mine, other.claiming() as theirs:
        assert [mine.query(claim), theirs.query(claim)] == [[("t0",), ("t1",)], [("t2",), ("t3",)]]
        ops.take_turn(mine)

        def wait() -> None:
            with third.write() as tx:
                done.append("theirs")
                tx.execute("INSERT INTO things VALUES ('z', 1)")

        waiting = threading.Thread(target=wait)
        waiting.start()
        waiting.join(0.2)
        assert done == []
        theirs.execute("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(ForetellError) as told:
            other.take_turn(theirs)
        assert (told.value.code, told.value.transient) == ("STORE_BUSY", True)
        raise_back(theirs)
    waiting.join(30)
    assert done == ["theirs"]
    other.close()
    third.close()


def raise_back(tx: PostgresTx) -> None:
    """Give a failed transaction up."""
    tx.link.connection.rollback()
    tx.link.connection.execute("BEGIN")


def test_a_claiming_transaction_within_a_write_is_refused(ops: PostgresOps) -> None:
    with ops.write():
        with pytest.raises(ForetellError) as told, ops.claiming():
            raise AssertionError("two transactions")
        assert told.value.code == "NESTED_TRANSACTION"


def test_who_only_reads_changes_nothing(ops: PostgresOps, place: PostgresPlace) -> None:
    reader = PostgresOps(place, read_only=True)
    assert rows(reader) == []
    for change in (reader.compact, lambda: reader.write().__enter__()):
        with pytest.raises(ForetellError) as told:
            change()
        assert told.value.code == "WORKSPACE_READ_ONLY"
    for ask in (reader.query, reader.look_up, ops.query):
        with pytest.raises(ForetellError) as told:
            ask("DELETE FROM things")
        assert told.value.code == "STORE_READ_ONLY"
    reader.close()
    with pytest.raises(ForetellError) as told:
        reader.query("SELECT 1")
    assert told.value.code == "STORE_CLOSED"


def test_compacting_leaves_nothing_of_what_was_deleted(ops: PostgresOps) -> None:
    with ops.write() as tx:
        tx.executemany("INSERT INTO things VALUES (?, 1)", [(f"secret {n}" * 10,) for n in range(2_000)])
        tx.execute("DELETE FROM things")
    size = "SELECT pg_relation_size('things') + pg_relation_size('things_pkey')"
    assert ops.query(size)[0][0] > 200_000
    ops.compact()
    assert ops.query(size)[0][0] <= 8_192


def test_a_copy_into_a_file_is_refused(ops: PostgresOps, tmp_path: Any) -> None:
    with pytest.raises(ForetellError) as told:
        ops.copy_to(tmp_path / "copy")
    assert told.value.code == "NOT_ON_POSTGRESQL"


def url(**parts: str) -> str:
    """The run's server, asked for in another way."""
    return psycopg.conninfo.make_conninfo(server_of_run().url, **parts)


@pytest.mark.parametrize(
    ("parts", "code", "transient"),
    [
        ({"user": "stranger"}, "STORE_REFUSED", False),
        ({"dbname": "nowhere"}, "STORE_MISSING", False),
        ({"host": "/nowhere"}, "STORE_GONE", True),
        ({"host": "127.0.0.1", "port": "1"}, "STORE_GONE", True),
        ({"user": "crowded"}, "TOO_MANY_CONNECTIONS", True),
        ({"user": "guest"}, "NOT_PERMITTED", False),
        ({"options": "-c default_transaction_read_only=on"}, "STORE_READ_ONLY", True),
        ({"dbname": "narrow"}, "STORE_ENCODING", False),
    ],
)
def test_what_keeps_a_store_from_being_opened_is_said(parts: dict[str, str], code: str, transient: bool) -> None:
    with psycopg.connect(server_of_run().url, autocommit=True) as connection:
        for role, how in (("crowded", "CONNECTION LIMIT 0"), ("guest", "")):
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                connection.execute(f"CREATE ROLE {role} LOGIN {how}")  # type: ignore[arg-type]
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'narrow'").fetchone():
            narrow = "CREATE DATABASE narrow TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc"
            connection.execute(narrow)
    with pytest.raises(ForetellError) as told:
        PostgresOps(PostgresPlace(url(password="hidden", **parts), "fresh"), patience_seconds=0.1)
    assert (told.value.code, told.value.transient) == (code, transient)
    assert told.value.next_step
    assert "hidden" not in str(told.value)


def test_a_workspace_that_is_not_there_is_not_made_by_reading() -> None:
    with pytest.raises(ForetellError) as told:
        PostgresOps(PostgresPlace(server_of_run().url, "not_there"), read_only=True)
    assert told.value.code == "STORE_MISSING"


def test_an_address_that_is_none_is_refused_without_being_shown() -> None:
    with pytest.raises(UsageError) as told:
        PostgresOps(PostgresPlace("host=x hidden word", "fresh"))
    assert told.value.code == "BAD_URL"
    assert "hidden" not in str(told.value)
    assert told.value.__cause__ is None
