"""What PostgreSQL does when the world is against it: the right word, nothing half done, and no hang."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count

import psycopg
import pytest

from lsp_orch.domain.errors import Code, Misuse, Unavailable
from lsp_orch.store import postgres_login, queries
from lsp_orch.store.base import Tx
from lsp_orch.store.postgres import PostgresStore
from tests.fixtures.engines import DATABASE, PostgresEngine
from tests.fixtures.leases import agent, lease
from tests.fixtures.postgres import LOCKED, PASSWORD, Cluster

NUMBERS = count()
LAST = queries.migrations(queries.POSTGRES)[-1][0]
BREAK_COMMIT = """
CREATE FUNCTION lsp_orch.leave() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); RETURN NULL; END; $$;
CREATE CONSTRAINT TRIGGER leave AFTER INSERT ON lsp_orch.lease DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION lsp_orch.leave();
"""
FAIL = """
CREATE FUNCTION lsp_orch.fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'seeded' USING ERRCODE = '{}'; END; $$;
CREATE TRIGGER fail BEFORE INSERT ON lsp_orch.lease FOR EACH ROW EXECUTE FUNCTION lsp_orch.fail();
"""


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    """An empty database of the test's own."""
    name = f"own_{next(NUMBERS)}"
    cluster.database(name)
    yield name
    cluster.drop(name)


@pytest.fixture
def store(contract: Cluster) -> Iterator[PostgresStore]:
    store = PostgresEngine(contract).open()
    yield store
    store.close()


def hold(store: PostgresStore, name: str, token: int) -> None:
    with store.transaction() as tx:
        tx.leases.insert(lease(agent("a"), name, token=token))


def tokens(store: PostgresStore) -> list[int]:
    with store.transaction() as tx:
        return [each.token for each in tx.leases.live()]


def refused(work: Callable[[], object]) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        work()
    assert PASSWORD not in f"{caught.value.refusal}"
    return caught.value


# --- who may come in ---


def test_a_password_comes_from_the_keyring_and_only_when_it_is_asked_for(contract: Cluster) -> None:
    contract.sql(f"GRANT {'keeper'} TO {LOCKED}")
    asked: list[str] = []

    def kept() -> str:
        asked.append("asked")
        return PASSWORD

    PostgresStore(contract.url(DATABASE), "", kept).close()
    assert asked == []
    PostgresStore(contract.url(DATABASE, LOCKED), "", kept).close()
    assert asked == ["asked"]


def test_a_wrong_password_is_refused_and_told_nowhere(contract: Cluster) -> None:
    url = contract.url(DATABASE, LOCKED)
    error = refused(lambda: PostgresStore(url, "", lambda: "not " + PASSWORD))
    assert error.refusal.code is Code.STORE_UNREACHABLE
    assert "password authentication failed" in str(error)
    assert "lsp-orch config password" in error.refusal.hint


def test_without_a_password_it_says_how_to_keep_one(contract: Cluster) -> None:
    error = refused(lambda: PostgresStore(contract.url(DATABASE, LOCKED), ""))
    assert error.refusal.code is Code.STORE_UNREACHABLE
    assert "none is kept" in str(error)
    assert "lsp-orch config password" in error.refusal.hint


def test_a_keyring_that_does_not_help_is_told_together_with_the_database(contract: Cluster) -> None:
    def locked() -> str:
        raise Unavailable(Code.KEYRING_UNAVAILABLE, "the keyring is locked", "unlock it")

    error = refused(lambda: PostgresStore(contract.url(DATABASE, LOCKED), "", locked))
    assert error.refusal.code is Code.STORE_UNREACHABLE
    assert "the keyring is locked" in str(error)
    assert error.refusal.hint == "unlock it"


def test_a_database_that_is_not_there_is_named(cluster: Cluster) -> None:
    error = refused(lambda: PostgresStore(cluster.url("nowhere"), ""))
    assert error.refusal.code is Code.STORE_UNREACHABLE
    assert 'database "nowhere" does not exist' in str(error)


def test_a_server_that_is_not_there_is_named() -> None:
    error = refused(lambda: PostgresStore("postgresql://ada@127.0.0.1:1/db", ""))
    assert error.refusal.code is Code.STORE_UNREACHABLE
    assert "postgresql://ada@127.0.0.1:1/db cannot be reached" in str(error)


def test_a_database_that_cannot_keep_every_text_is_refused(cluster: Cluster) -> None:
    cluster.sql("CREATE DATABASE narrow TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
    error = refused(lambda: PostgresStore(cluster.url("narrow"), ""))
    cluster.drop("narrow")
    assert "it keeps text as LATIN1" in str(error)


def test_a_user_who_may_not_make_tables_is_told_so(cluster: Cluster) -> None:
    cluster.sql("CREATE DATABASE foreign_ TEMPLATE template0")
    error = refused(lambda: PostgresStore(cluster.url("foreign_"), ""))
    cluster.drop("foreign_")
    assert error.refusal.code is Code.HOME_READ_ONLY
    assert "permission denied" in str(error)


# --- the schema ---


def test_an_older_database_is_brought_forward_with_all_it_holds(
    cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = queries.migrations(queries.POSTGRES)[:1]
    with monkeypatch.context() as patch:
        patch.setattr(queries, "migrations", lambda _: first)
        PostgresStore(cluster.url(database), "").close()
    values = "'l', 7, 'write', 'held', '/ws', 'a', 'agent', 'a', 'a', '', 120.0, 0, 1"
    cluster.sql(f"INSERT INTO lsp_orch.lease VALUES ({values})", database=database)  # noqa: S608 - our own
    store = PostgresStore(cluster.url(database), "")
    assert tokens(store) == [7]
    store.close()
    assert cluster.sql("SELECT number FROM lsp_orch.format", database=database) == [(LAST,)]


def test_a_newer_database_is_refused_and_left_as_it_is(cluster: Cluster, database: str) -> None:
    url = cluster.url(database)
    running = PostgresStore(url, "")
    cluster.sql("UPDATE lsp_orch.format SET number = number + 1", database=database)
    error = refused(lambda: PostgresStore(url, ""))
    assert error.refusal.code is Code.STORE_NEWER
    assert "upgrade" in error.refusal.hint
    # a daemon that ran while somebody upgraded the schema writes nothing any more
    assert refused(lambda: hold(running, "x", 1)).refusal.code is Code.STORE_NEWER
    running.close()
    assert cluster.sql("SELECT * FROM lsp_orch.lease", database=database) == []


def test_a_migration_that_stops_half_way_is_undone_whole(
    cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = (LAST + 1, "CREATE TABLE half (x INTEGER); INSERT INTO nowhere VALUES (1)")
    known = [*queries.migrations(queries.POSTGRES), half]
    with monkeypatch.context() as patch:
        patch.setattr(queries, "migrations", lambda _: known)
        with pytest.raises(psycopg.ProgrammingError, match="nowhere"):
            PostgresStore(cluster.url(database), "")
    assert cluster.sql("SELECT to_regnamespace('lsp_orch')", database=database) == [(None,)]
    store = PostgresStore(cluster.url(database), "")
    hold(store, "x", 1)
    store.close()


def test_daemons_that_start_at_once_make_the_schema_once(cluster: Cluster, database: str) -> None:
    opened: list[PostgresStore] = []
    starts = [
        threading.Thread(target=lambda: opened.append(PostgresStore(cluster.url(database), "")))
        for _ in range(4)
    ]
    for each in starts:
        each.start()
    for each in starts:
        each.join()
    for token, store in enumerate(opened, start=1):
        hold(store, f"{token}", token)
        store.close()
    assert len(opened) == 4


# --- one transaction after the other ---


def read_then_write(contract: Cluster) -> None:
    """Four daemons, each taking the number after all that it sees."""
    engine, failed = PostgresEngine(contract), list[Exception]()

    def work(name: str) -> None:
        store = engine.open()
        try:
            for _ in range(25):
                with store.transaction() as tx:
                    number = len(tx.leases.live()) + 1
                    tx.leases.insert(lease(agent(name), f"{number}", token=number))
        except psycopg.Error as error:
            failed.append(error)
        store.close()

    daemons = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for each in daemons:
        each.start()
    for each in daemons:
        each.join()
    if failed:
        raise failed[0]
    assert [row[0] for row in engine.sql("SELECT token FROM lease ORDER BY token")] == list(range(1, 101))


def test_reading_deciding_and_writing_is_one_step_among_all_daemons(contract: Cluster) -> None:
    read_then_write(contract)


def test_without_the_lock_it_would_not_be(contract: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    text = queries.load(queries.POSTGRES)["store.begin"]
    lock = next(line for line in text.splitlines() if "pg_advisory_xact_lock" in line)
    monkeypatch.setitem(queries.load(queries.POSTGRES), "store.begin", text.replace(lock, ""))
    with pytest.raises(psycopg.IntegrityError):
        read_then_write(contract)


def test_who_stands_still_in_a_transaction_is_put_out_of_it(
    contract: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, name = PostgresEngine(contract), "store.begin_session"
    other = engine.open()
    sooner = queries.load(queries.POSTGRES)[name].replace("'10s'", "'100ms'")
    monkeypatch.setitem(queries.load(queries.POSTGRES), name, sooner)
    asleep = engine.open()

    def stand_still() -> None:
        with asleep.transaction() as tx:
            tx.leases.insert(lease(agent("a"), "x", token=1))
            hold(other, "x", 2)  # returns when the first is out

    assert refused(stand_still).refusal.code is Code.STORE_UNREACHABLE
    assert tokens(other) == tokens(asleep) == [2]
    asleep.close()
    other.close()


def test_an_error_inside_undoes_the_transaction(store: PostgresStore) -> None:
    def stumble() -> None:
        with store.transaction() as tx:
            tx.leases.insert(lease(agent("a"), "x", token=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stumble()
    assert tokens(store) == []


def test_what_failed_and_was_passed_over_is_not_acknowledged(store: PostgresStore) -> None:
    def pass_over(tx: Tx) -> None:
        tx.leases.insert(lease(agent("a"), "x", token=1))
        with suppress(psycopg.IntegrityError):
            tx.leases.insert(lease(agent("b"), "x", token=2))

    with pytest.raises(psycopg.InternalError, match="nothing was kept"), store.transaction() as tx:
        pass_over(tx)
    assert tokens(store) == []


def test_a_savepoint_undoes_one_step_alone(store: PostgresStore) -> None:
    with store.transaction() as tx:
        tx.leases.insert(lease(agent("a"), "x", token=1))
        with suppress(psycopg.IntegrityError), tx.connection.savepoint():
            tx.leases.insert(lease(agent("b"), "y", token=2))
            tx.leases.insert(lease(agent("b"), "x", token=3))
        tx.leases.insert(lease(agent("c"), "z", token=4))
    assert tokens(store) == [1, 4]


def test_text_that_no_column_takes_is_the_callers_mistake(store: PostgresStore) -> None:
    with pytest.raises(Misuse, match="NUL") as caught, store.transaction() as tx:
        tx.leases.insert(lease(agent("a\0"), "x"))
    assert caught.value.refusal.code is Code.BAD_REQUEST
    assert tokens(store) == []


# --- the server goes, and comes back ---


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("53100", Code.DISK_FULL),
        ("25006", Code.HOME_READ_ONLY),
        ("42501", Code.HOME_READ_ONLY),
        ("XX001", Code.STORE_CORRUPT),
        ("XX002", Code.STORE_CORRUPT),
        ("53300", Code.STORE_UNREACHABLE),
        ("55P03", Code.STORE_UNREACHABLE),
        ("57014", Code.STORE_UNREACHABLE),
        ("57P01", Code.STORE_UNREACHABLE),
        ("08006", Code.STORE_UNREACHABLE),
    ],
)
def test_each_trouble_of_the_servers_has_our_word(
    cluster: Cluster, database: str, state: str, code: Code
) -> None:
    store = PostgresStore(cluster.url(database), "")
    cluster.sql(FAIL.format(state), database=database)
    assert refused(lambda: hold(store, "x", 1)).refusal.code is code
    assert tokens(store) == []
    store.close()


def test_a_bug_of_ours_keeps_its_own_words(store: PostgresStore) -> None:
    with pytest.raises(psycopg.ProgrammingError), store.transaction() as tx:
        tx.connection.run("lease.delete")


def test_a_connection_that_ended_meanwhile_is_made_anew_unnoticed(
    contract: Cluster, store: PostgresStore
) -> None:
    hold(store, "x", 1)
    cut(contract)
    hold(store, "y", 2)
    assert tokens(store) == [1, 2]


def test_a_connection_cut_in_a_transaction_leaves_nothing_half_done(
    contract: Cluster, store: PostgresStore
) -> None:
    def work() -> None:
        with store.transaction() as tx:
            tx.leases.insert(lease(agent("a"), "x", token=1))
            cut(contract)
            tx.leases.insert(lease(agent("a"), "y", token=2))

    error = refused(work)
    assert error.refusal.code is Code.STORE_UNREACHABLE
    assert "nothing was changed" in error.refusal.hint
    assert tokens(store) == []


def test_a_commit_whose_end_is_unknown_is_told_as_such(cluster: Cluster, database: str) -> None:
    store, doubts = PostgresStore(cluster.url(database), ""), list[str]()
    store.ear(lambda: doubts.append("unsure")).close()
    cluster.sql(BREAK_COMMIT, database=database)
    error = refused(lambda: hold(store, "x", 1))
    assert error.refusal.code is Code.STORE_UNREACHABLE
    assert "done or not" in str(error)
    assert doubts == ["unsure"]
    assert tokens(store) == []  # this time it was not; and the connection is a new one
    assert doubts == ["unsure"] * 2
    store.close()


def test_a_server_killed_in_a_transaction_comes_back_with_all_that_was_acknowledged() -> None:
    cluster = Cluster()
    try:
        store = PostgresStore(cluster.database("db"), "")
        hold(store, "x", 1)

        def work() -> None:
            with store.transaction() as tx:
                tx.leases.insert(lease(agent("a"), "y", token=2))
                cluster.kill()
                tx.leases.insert(lease(agent("a"), "z", token=3))

        assert refused(work).refusal.code is Code.STORE_UNREACHABLE
        assert refused(lambda: tokens(store)).refusal.code is Code.STORE_UNREACHABLE
        cluster.start()
        assert tokens(store) == [1]
        hold(store, "y", 4)
        store.close()
    finally:
        cluster.end()


def test_a_server_that_stands_still_keeps_nobody_waiting_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_login, "_SILENT_S", 0.5)
    monkeypatch.setitem(postgres_login._PATIENCE, "connect_timeout", 2)
    cluster = Cluster()
    try:
        store = PostgresStore(cluster.database("db"), "")
        with cluster.standing_still():
            assert refused(lambda: hold(store, "x", 1)).refusal.code is Code.STORE_UNREACHABLE
            assert refused(lambda: hold(store, "x", 2)).refusal.code is Code.STORE_UNREACHABLE
        hold(store, "x", 3)
        assert tokens(store) == [3]
        store.close()
    finally:
        cluster.end()


def cut(cluster: Cluster) -> None:
    """End every connection to the contract's database, and see them gone."""
    others = "FROM pg_stat_activity WHERE datname = 'contract' AND pid <> pg_backend_pid()"
    cluster.sql(f"SELECT pg_terminate_backend(pid, 5000) {others}")
