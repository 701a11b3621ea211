"""What the services see of the store: one transaction with a table for each noun."""

from contextlib import AbstractContextManager
from functools import cached_property
from typing import Protocol

from lsp_orch.domain.events import Event
from lsp_orch.store.connection import Connection
from lsp_orch.store.health import Health
from lsp_orch.store.leases import LeaseTable, WaiterTable
from lsp_orch.store.reads import ReadTable
from lsp_orch.store.sessions import SessionTable
from lsp_orch.store.tasks import TaskTable
from lsp_orch.store.versions import VersionTable


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
    def versions(self) -> VersionTable:
        """What files said, and when."""
        return VersionTable(self.connection)

    @property
    def health(self) -> Health:
        """Whether the store is well."""
        return Health(self.connection)

    def announce(self, event: Event) -> None:
        """Tell everybody, after the commit."""
        self.events.append(event)


class Store(Protocol):
    """A durable home for leases, sessions and tasks."""

    def transaction(self) -> AbstractContextManager[Tx]:
        """All or nothing; durable when the block has ended without an exception."""

    def close(self) -> None:
        """Let go of the files."""
