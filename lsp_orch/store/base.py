"""What the services see of the store: one transaction with a table for each noun."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Protocol

from lsp_orch.domain.events import Event
from lsp_orch.domain.hearsay import Note
from lsp_orch.store.attempts import AttemptTable
from lsp_orch.store.chains import ChainTable
from lsp_orch.store.checks import CheckTable
from lsp_orch.store.conflicts import ConflictTable
from lsp_orch.store.connection import Connection
from lsp_orch.store.denials import DenialTable
from lsp_orch.store.forecasts import ForecastTable
from lsp_orch.store.health import Health
from lsp_orch.store.holds import HoldTable
from lsp_orch.store.keys import KeyTable
from lsp_orch.store.lanes import LaneTable
from lsp_orch.store.late import LateTable
from lsp_orch.store.leases import LeaseTable, WaiterTable
from lsp_orch.store.merges import MergeTable
from lsp_orch.store.messages import MessageTable
from lsp_orch.store.money import MoneyTable
from lsp_orch.store.pauses import PauseTable
from lsp_orch.store.plans import PlanTable
from lsp_orch.store.prunes import PruneTable
from lsp_orch.store.reads import ReadTable
from lsp_orch.store.sessions import SessionTable
from lsp_orch.store.tasks import TaskTable
from lsp_orch.store.versions import VersionTable
from lsp_orch.store.vigil import VigilTable


class Tx:
    """One transaction: the tables, and the events to announce once it is durable."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.events: list[Event] = []

    @cached_property
    def leases(self) -> LeaseTable:
        """Live leases and their fencing tokens."""
        return LeaseTable(self.connection)

    @cached_property
    def waiters(self) -> WaiterTable:
        """The queue for leases."""
        return WaiterTable(self.connection)

    @cached_property
    def reads(self) -> ReadTable:
        """What holders know of files, and who wrote them."""
        return ReadTable(self.connection)

    @cached_property
    def sessions(self) -> SessionTable:
        """Who is here."""
        return SessionTable(self.connection)

    @cached_property
    def tasks(self) -> TaskTable:
        """The queue of tasks and who waits for whom."""
        return TaskTable(self.connection)

    @cached_property
    def plans(self) -> PlanTable:
        """Goals split into tasks, and what these share."""
        return PlanTable(self.connection)

    @cached_property
    def checks(self) -> CheckTable:
        """How checks went."""
        return CheckTable(self.connection)

    @cached_property
    def conflicts(self) -> ConflictTable:
        """Merges that could not be."""
        return ConflictTable(self.connection)

    @cached_property
    def merges(self) -> MergeTable:
        """The queue of merges."""
        return MergeTable(self.connection)

    @cached_property
    def late(self) -> LateTable:
        """Work that came too late."""
        return LateTable(self.connection)

    @cached_property
    def forecasts(self) -> ForecastTable:
        """What would collide."""
        return ForecastTable(self.connection)

    @cached_property
    def denials(self) -> DenialTable:
        """What runs were not let do."""
        return DenialTable(self.connection)

    @cached_property
    def holds(self) -> HoldTable:
        """Providers that have said no."""
        return HoldTable(self.connection)

    @cached_property
    def attempts(self) -> AttemptTable:
        """Every run that a task has had."""
        return AttemptTable(self.connection)

    @cached_property
    def chains(self) -> ChainTable:
        """Who waits for whom, over any distance."""
        return ChainTable(self.connection)

    @cached_property
    def keys(self) -> KeyTable:
        """What was asked with a key."""
        return KeyTable(self.connection)

    @cached_property
    def money(self) -> MoneyTable:
        """What was spent, and what is reserved."""
        return MoneyTable(self.connection)

    @cached_property
    def prunes(self) -> PruneTable:
        """What may be pruned."""
        return PruneTable(self.connection)

    @cached_property
    def messages(self) -> MessageTable:
        """What sessions say to each other."""
        return MessageTable(self.connection)

    @cached_property
    def pauses(self) -> PauseTable:
        """Where nothing is to start."""
        return PauseTable(self.connection)

    @cached_property
    def lanes(self) -> LaneTable:
        """Ready tasks that are held back, by what they wait for."""
        return LaneTable(self.connection)

    @cached_property
    def versions(self) -> VersionTable:
        """What files said, and when."""
        return VersionTable(self.connection)

    @cached_property
    def vigil(self) -> VigilTable:
        """Whether reaping is frozen."""
        return VigilTable(self.connection)

    @property
    def health(self) -> Health:
        """Whether the store is well."""
        return Health(self.connection)

    def announce(self, event: Event) -> None:
        """Tell everybody, after the commit."""
        self.events.append(event)


class Ear(Protocol):
    """Hears what other daemons have committed to the same store; used on the event loop."""

    def fileno(self) -> int:
        """What can be read when there is something to hear."""

    def heard(self) -> list[Note]:
        """What has come since the last call; does not wait.

        Raises:
            Unavailable: the connection is lost, and what was said since.
        """

    def close(self) -> None:
        """Hear no more."""


class Store(Protocol):
    """A durable home for leases, sessions and tasks."""

    @property
    def prompt(self) -> bool:
        """Whether a few statements take microseconds, so that an event loop can wait for them."""

    @property
    def untidy(self) -> bool:
        """Whether ``tidy`` is due."""

    def transaction(self) -> AbstractContextManager[Tx]:
        """All or nothing; when the block has ended without an exception, no kill takes it back.

        What ``queries.lasting`` names is on disk by then, and outlasts a power failure.
        """

    def tidy(self) -> None:
        """Do what the engine has put off; between transactions, and where nobody waits for it."""

    def ear(self, unsure: Callable[[], None]) -> Ear | None:
        """Begin to hear the other daemons; None where there can be none.

        ``unsure`` is called, in whichever thread it comes to light, when something may have been committed
        that nobody was told of.
        """

    def close(self) -> None:
        """Let go of the files."""
