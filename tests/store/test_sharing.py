"""Several daemons on one database: each tells the others, and keeps its hands off what is theirs."""

import select
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from lsp_orch.domain.errors import Unavailable
from lsp_orch.domain.events import LeaseGranted, TaskChanged
from lsp_orch.domain.hearsay import Note
from lsp_orch.domain.lease import Party, State
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import State as TaskState
from lsp_orch.services.leases import Leases
from lsp_orch.services.sessions import Sessions
from lsp_orch.store import queries
from lsp_orch.store.postgres import PostgresStore
from lsp_orch.store.postgres_ear import PostgresEar
from tests.fixtures.clock import START, FakeClock, FakeProcesses, SerialIds
from tests.fixtures.engines import PostgresEngine
from tests.fixtures.leases import WORKSPACE, agent, ask, lease, person
from tests.fixtures.postgres import Cluster
from tests.fixtures.tasks import a_task, claimed
from tests.fixtures.versions import version

WAIT_S = 10


@pytest.fixture
def engine(contract: Cluster) -> PostgresEngine:
    return PostgresEngine(contract)


@pytest.fixture
def here(engine: PostgresEngine) -> Iterator[PostgresStore]:
    store = engine.open("here")
    yield store
    store.close()


@pytest.fixture
def there(engine: PostgresEngine) -> Iterator[PostgresStore]:
    store = engine.open("there")
    yield store
    store.close()


def listen_on(ear: PostgresEar) -> None:
    """Hear whatever comes, until nothing does."""
    while select.select([ear.fileno()], [], [], WAIT_S)[0]:
        ear.heard()


class House:
    """What a daemon does with its store."""

    def __init__(self, store: PostgresStore, ids: SerialIds) -> None:
        self.store, self.clock, self.processes = store, FakeClock(), FakeProcesses()
        self.leases = Leases(self.clock, ids, lambda _: Settings())
        self.sessions = Sessions(self.clock, self.processes, self.leases)

    def arrive(self, session: str, kind: Party, pid: int = 0) -> None:
        with self.store.transaction() as tx:
            self.sessions.seen(tx, session, kind, session, WORKSPACE, pid)

    def known(self) -> set[str]:
        with self.store.transaction() as tx:
            return {each.id for each in tx.sessions.all()}


def test_what_is_told_is_heard_by_the_others_alone(here: PostgresStore, there: PostgresStore) -> None:
    mine, theirs = here.ear(lambda: None), there.ear(lambda: None)
    held = lease(agent("a"), "x")
    with here.transaction() as tx:
        tx.leases.insert(held)
        tx.announce(LeaseGranted(lease=held))
        tx.announce(TaskChanged(id="task-1", state="done"))
    assert select.select([theirs.fileno()], [], [], WAIT_S)[0]
    assert theirs.heard() == [Note(kind="lease", id=held.id), Note(kind="task", id="task-1", word="done")]
    assert select.select([mine.fileno()], [], [], WAIT_S)[0]
    assert mine.heard() == []
    mine.close()
    theirs.close()


def test_what_was_undone_is_not_told(here: PostgresStore, there: PostgresStore) -> None:
    ear = there.ear(lambda: None)
    with suppress(ZeroDivisionError), here.transaction() as tx:
        tx.announce(TaskChanged(id="undone", state="done"))
        raise ZeroDivisionError
    with here.transaction() as tx:
        tx.announce(TaskChanged(id="done", state="done"))
    assert select.select([ear.fileno()], [], [], WAIT_S)[0]
    assert [each.id for each in ear.heard()] == ["done"]
    ear.close()


def test_an_ear_that_is_cut_off_says_so(engine: PostgresEngine, there: PostgresStore) -> None:
    ear = there.ear(lambda: None)
    engine.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    with pytest.raises(Unavailable, match="cannot be reached"):
        listen_on(ear)
    ear.close()


def restart_and_reap(here: PostgresStore, there: PostgresStore) -> set[str]:
    """One daemon restarts and looks for the dead; who is left of those that came to the other one."""
    ids = SerialIds()
    ours, theirs = House(here, ids), House(there, ids)
    theirs.processes.running[7] = theirs.clock.now()
    theirs.arrive("editor-there", Party.HUMAN)
    theirs.arrive("agent-there", Party.AGENT, pid=7)
    with here.transaction() as tx:
        ours.sessions.restart(tx)
        ours.sessions.reap(tx)  # no process of the other machine is alive on ours
    return ours.known()


def test_a_daemon_ends_only_its_own_sessions(here: PostgresStore, there: PostgresStore) -> None:
    ours = House(here, SerialIds())
    ours.arrive("editor-here", Party.HUMAN)
    ours.arrive("agent-here", Party.AGENT, pid=8)
    assert restart_and_reap(here, there) == {"editor-there", "agent-there"}


def test_without_the_daemons_name_it_would_end_them_all(
    here: PostgresStore, there: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = queries.load(queries.POSTGRES)
    monkeypatch.setitem(words, "session.own", words["session.all"])
    assert restart_and_reap(here, there) == set()


def test_a_session_that_speaks_to_another_daemon_is_that_ones(
    here: PostgresStore, there: PostgresStore
) -> None:
    House(here, SerialIds()).arrive("agent", Party.AGENT)
    House(there, SerialIds()).arrive("agent", Party.AGENT)
    with here.transaction() as tx:
        assert tx.sessions.own() == []
    with there.transaction() as tx:
        assert [each.id for each in tx.sessions.own()] == ["agent"]


def test_a_vanished_editors_file_is_given_back_only_where_it_was(
    here: PostgresStore, there: PostgresStore
) -> None:
    ids = SerialIds()
    ours, theirs = House(here, ids), House(there, ids)
    theirs.arrive("ann", Party.HUMAN)
    with there.transaction() as tx:
        theirs.leases.acquire(tx, ask(person("ann"), "x", state=State.DIRTY))
    with there.transaction() as tx:
        theirs.sessions.vanished(tx, "ann")
    ours.arrive("bob", Party.HUMAN)
    with here.transaction() as tx:
        ours.leases.acquire(tx, ask(person("bob"), "x", state=State.DIRTY))
        assert [each.holder.name for each in tx.leases.live()] == ["ann"]
        assert [each.ask.holder.name for each in tx.waiters.waiting()] == ["bob"]
    theirs.arrive("ann again", Party.HUMAN)
    with there.transaction() as tx:
        theirs.leases.acquire(tx, ask(person("ann again"), "x", state=State.DIRTY))
        assert [each.holder.name for each in tx.leases.live()] == ["ann again"]


def test_a_grant_belongs_to_the_daemon_of_its_holder_whoever_made_it(
    here: PostgresStore, there: PostgresStore
) -> None:
    ids = SerialIds()
    ours, theirs = House(here, ids), House(there, ids)
    theirs.arrive("ann", Party.HUMAN)
    with here.transaction() as tx:
        ours.leases.acquire(tx, ask(agent("a"), "x"))
    with there.transaction() as tx:
        theirs.leases.acquire(tx, ask(person("ann"), "x"))
    with here.transaction() as tx:
        ours.leases.release(tx, tx.leases.of_holder("a"))
        [granted] = tx.leases.live()
        assert not tx.leases.own(granted)
    with there.transaction() as tx:
        assert tx.leases.own(granted)


def test_a_task_is_done_where_it_was_filed(
    engine: PostgresEngine, here: PostgresStore, there: PostgresStore
) -> None:
    task = replace(a_task(TaskState.PENDING), attempts=3)
    with there.transaction() as tx:
        tx.tasks.insert(task)
    engine.sql("UPDATE task SET state = 'ready'")
    with here.transaction() as tx:
        assert tx.tasks.due(-1.0) is None
        assert claimed(tx, "run-here", START) is None
    with there.transaction() as tx:
        assert tx.tasks.due(-1.0) is not None
        assert claimed(tx, "run-there", START)
    with here.transaction() as tx:
        assert tx.tasks.engaged() == [], "it would count as left behind, and be started again"
        assert tx.tasks.states() == {task.id: TaskState.RUNNING}
    with there.transaction() as tx:
        assert [each.id for each in tx.tasks.engaged()] == [task.id]


def test_each_daemon_knows_the_contents_that_it_keeps(here: PostgresStore, there: PostgresStore) -> None:
    kept = version(1, b"said")
    with there.transaction() as tx:
        tx.versions.insert(kept)
    with here.transaction() as tx:
        assert list(tx.versions.all()) == tx.versions.of_path(kept.path) == tx.versions.below("") == []
        assert tx.versions.by_id(kept.id) is tx.versions.newest(kept.path) is None
        assert not tx.versions.named(kept.content.digest)
    with there.transaction() as tx:
        assert list(tx.versions.all()) == [kept]
