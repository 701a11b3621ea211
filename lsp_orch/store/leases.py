"""Leases and their queue as rows."""

import json
from collections.abc import Callable, Iterable

from lsp_orch.domain.grants import Ask, Waiter
from lsp_orch.domain.lease import FRESH, Holder, Lease, Mode, Party, State
from lsp_orch.domain.scope import Kind, Scope, folders, touch
from lsp_orch.store.connection import Connection, Row, Value

Rows = Callable[..., list[Row]]

_RESERVED = 1000  # tokens that are on disk before they are used: after a power failure none is issued again


class LeaseTable:
    """Live leases and their fencing tokens."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def insert(self, lease: Lease) -> None:
        """Add a new grant and, for a writer, supersede every older token of its resources."""
        self._db.run(
            "lease.insert",
            id=lease.id,
            token=lease.token,
            mode=lease.mode.value,
            state=lease.state.value,
            workspace=lease.workspace,
            ttl_s=lease.ttl_s,
            reason=lease.reason,
            acquired_at=lease.acquired_at,
            expires_at=lease.expires_at,
            progress_at=lease.progress_at,
            contested=int(lease.contested),
            **_holder_columns(lease.holder),
        )
        for scope in lease.scopes:
            columns = _scope_columns(scope)
            self._db.run("lease.insert_scope", lease_id=lease.id, mode=lease.mode.value, **columns)
            if lease.mode is Mode.WRITE:
                self._db.run("fence.raise", token=lease.token, **columns)

    def update(self, lease: Lease) -> None:
        """Store a changed state, ttl, expiry and progress."""
        self._db.run(
            "lease.update",
            id=lease.id,
            state=lease.state,
            ttl_s=lease.ttl_s,
            expires_at=lease.expires_at,
            progress_at=lease.progress_at,
            contested=int(lease.contested),
        )

    def downgrade(self, lease: Lease) -> None:
        """Let a writer be a reader from now on; the token that it has is not renewed."""
        self._db.run("lease.downgrade", id=lease.id)
        self._db.run("lease.downgrade_scopes", id=lease.id)

    def delete(self, lease: Lease) -> None:
        """Forget a lease that has ended."""
        self._db.run("lease.delete", id=lease.id)

    def by_id(self, lease_id: str) -> Lease | None:
        """The live lease of that id."""
        row = self._db.one("lease.by_id", id=lease_id)
        return None if row is None else self._lease(row)

    def own(self, lease: Lease) -> bool:
        """Whether its holder came to this daemon, and not to another one that shares the store."""
        return self._db.one("lease.own", id=lease.id) is not None

    def live(self, workspace: str = "") -> list[Lease]:
        """All of a workspace, or all there are, oldest first."""
        return self._leases(self._db.all("lease.live", workspace=workspace))

    def of_holder(self, holder_id: str) -> list[Lease]:
        """All that one holder has."""
        return self._leases(self._db.all("lease.of_holder", holder_id=holder_id))

    def of_session(self, session: str) -> list[Lease]:
        """All that a session and its subagents have."""
        return self._leases(self._db.all("lease.of_session", session=session))

    def ageing(self, session: str, now: float) -> list[Lease]:
        """Those of them that a sign of life makes last notably longer."""
        return self._leases(self._db.all("lease.ageing", session=session, now=now, fresh=FRESH))

    def touching(self, scopes: Iterable[Scope]) -> list[Lease]:
        """All that overlap any of ``scopes``, each once, oldest first."""
        wanted = frozenset(scopes)
        near = self._leases(
            _near(
                wanted,
                lambda **at: self._db.all("lease.at", **at),
                lambda **between: self._db.all("lease.below", **between),
            )
        )
        return sorted((each for each in near if touch(each.scopes, wanted)), key=lambda each: each.token)

    def workspaces(self) -> list[str]:
        """Every workspace in which something is held for writing."""
        return [row[0] for row in self._db.all("lease.workspaces")]

    def expired(self, now: float) -> list[Lease]:
        """All whose time is up."""
        return self._leases(self._db.all("lease.expired", now=now))

    def idle(self, before: float) -> list[Lease]:
        """Those of agents that nothing was written under since, and that are not contested yet."""
        return self._leases(self._db.all("lease.idle", before=before))

    def deadline(self) -> float | None:
        """When the next one's time is up."""
        return _only(self._db.one("lease.deadline"))

    def next_token(self) -> int:
        """Issue a fencing token: greater than every one before it, for ever."""
        row = self._db.one("lease.next_token")
        assert row is not None  # noqa: S101 - the migration put the row there
        token, reserved = row
        if token > reserved:
            self._db.run("token.reserve", upto=token + _RESERVED)
        return int(token)

    def skip_reserved(self) -> None:
        """Never issue what is reserved: some of it may have been issued, and lost with the power."""
        self._db.run("token.skip")

    def fence(self, scope: Scope) -> int:
        """The newest token granted to a writer of what overlaps ``scope``; 0 if there never was one."""
        near = _near(
            (scope,),
            lambda **at: self._db.all("fence.at", **at),
            lambda **between: self._db.all("fence.below", **between),
        )
        return max((token for kind, key, token in near if Scope(Kind(kind), key).overlaps(scope)), default=0)

    def _leases(self, rows: Iterable[Row]) -> list[Lease]:
        return [self._lease(row) for row in rows]

    def _lease(self, row: Row) -> Lease:
        scopes = self._db.all("lease.scopes", lease_id=row[0])
        return Lease(
            id=row[0],
            token=row[1],
            mode=Mode(row[2]),
            state=State(row[3]),
            workspace=row[4],
            scopes=_scopes(scopes),
            holder=_holder(row[5:9]),
            reason=row[9],
            ttl_s=row[10],
            acquired_at=row[11],
            expires_at=row[12],
            progress_at=row[13],
            contested=bool(row[14]),
        )


class WaiterTable:
    """The queue for leases."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._nobody: bool | None = None  # whether the queue is empty, once this transaction has looked

    @property
    def empty(self) -> bool:
        """Whether nobody waits for anything: mostly so, and then there is nothing to look for."""
        if self._nobody is None:
            self._nobody = self._db.one("waiter.any") is None
        return self._nobody

    def insert(self, ticket: str, ask: Ask, since: float, expires_at: float | None) -> Waiter:
        """Put an ask at the end of the queue."""
        self._nobody = False
        row = self._db.one(
            "waiter.insert",
            id=ticket,
            mode=ask.mode,
            workspace=ask.workspace,
            reason=ask.reason,
            ttl_s=ask.ttl_s,
            state=ask.state,
            since=since,
            expires_at=expires_at,
            **_holder_columns(ask.holder),
        )
        assert row is not None  # noqa: S101 - RETURNING gives the row that was inserted
        for scope in ask.scopes:
            self._db.run("waiter.insert_scope", waiter_id=ticket, **_scope_columns(scope))
        return Waiter(id=ticket, place=int(row[0]), ask=ask, since=since, expires_at=expires_at)

    def update(self, waiter: Waiter) -> None:
        """Store a changed state, expiry and claim; the place in the queue is kept."""
        self._db.run(
            "waiter.update",
            id=waiter.id,
            state=waiter.ask.state,
            expires_at=waiter.expires_at,
            claims_at=waiter.claims_at,
        )

    def delete(self, waiter: Waiter) -> None:
        """Take somebody out of the queue."""
        self._db.run("waiter.delete", id=waiter.id)

    def by_id(self, ticket: str) -> Waiter | None:
        """The waiter with that ticket."""
        row = self._db.one("waiter.by_id", id=ticket)
        return None if row is None else self._waiter(row)

    def waiting(self, workspace: str = "") -> list[Waiter]:
        """All of a workspace, or all there are, first come first."""
        return self._waiters(self._db.all("waiter.waiting", workspace=workspace))

    def of_holder(self, holder_id: str) -> list[Waiter]:
        """All that one holder waits for."""
        if self.empty:
            return []
        return self._waiters(self._db.all("waiter.of_holder", holder_id=holder_id))

    def of_session(self, session: str) -> list[Waiter]:
        """All that a session and its subagents wait for."""
        return self._waiters(self._db.all("waiter.of_session", session=session))

    def touching(self, scopes: Iterable[Scope]) -> list[Waiter]:
        """All that overlap any of ``scopes``, each once, first come first."""
        if self.empty:
            return []
        wanted = frozenset(scopes)
        near = self._waiters(
            _near(
                wanted,
                lambda **at: self._db.all("waiter.at", **at),
                lambda **between: self._db.all("waiter.below", **between),
            )
        )
        return sorted((each for each in near if touch(each.ask.scopes, wanted)), key=lambda each: each.place)

    def expired(self, now: float) -> list[Waiter]:
        """All whose ticket is no longer valid."""
        return self._waiters(self._db.all("waiter.expired", now=now))

    def claiming(self, now: float) -> list[Waiter]:
        """All whose claim has come due, the earliest first."""
        return self._waiters(self._db.all("waiter.claiming", now=now))

    def deadline(self) -> float | None:
        """When the next ticket ends or the next claim comes due."""
        return _only(self._db.one("waiter.deadline"))

    def _waiters(self, rows: Iterable[Row]) -> list[Waiter]:
        return [self._waiter(row) for row in rows]

    def _waiter(self, row: Row) -> Waiter:
        scopes = self._db.all("waiter.scopes", waiter_id=row[1])
        ask = Ask(
            holder=_holder(row[4:8]),
            workspace=row[3],
            scopes=_scopes(scopes),
            mode=Mode(row[2]),
            reason=row[8],
            ttl_s=row[9],
            state=State(row[10]),
        )
        return Waiter(id=row[1], place=row[0], ask=ask, since=row[11], expires_at=row[12], claims_at=row[13])


def _holder(columns: Row) -> Holder:
    holder_id, kind, name, session = columns
    return Holder(id=holder_id, kind=Party(kind), name=name, session=session)


def _holder_columns(holder: Holder) -> dict[str, Value]:
    return {
        "holder_id": holder.id,
        "holder_kind": holder.kind.value,
        "holder_name": holder.name,
        "session": holder.session,
    }


def _scope_columns(scope: Scope) -> dict[str, Value]:
    return {"kind": scope.kind.value, "key": scope.key, "anchor": scope.anchor}


def _near(scopes: Iterable[Scope], at: Rows, below: Rows) -> list[Row]:
    """Each row that may overlap one of ``scopes``: its anchor is above theirs or below a broad one's."""
    anchors = {each.anchor: each.broad for each in sorted(scopes, key=lambda each: each.broad)}
    above = {folder for anchor in anchors for folder in folders(anchor)}
    rows = at(anchors=json.dumps(sorted(above))) if anchors else []
    for anchor, broad in anchors.items():
        if broad:
            # by the order of code points a zero comes after the slash
            rows += below(least=f"{anchor.rstrip('/')}/", most=f"{anchor.rstrip('/')}0")
    return list({tuple(row): row for row in rows}.values())


def _scopes(rows: Iterable[Row]) -> tuple[Scope, ...]:
    return tuple(Scope(Kind(kind), key) for kind, key in rows)


def _only(row: Row | None) -> float | None:
    return None if row is None else row[0]
