"""Messages as rows."""

from lsp_orch.domain.message import Message, Pace
from lsp_orch.domain.version import Author
from lsp_orch.store.connection import Connection, Row


class MessageTable:
    """One row for each message and each of those it is for, the oldest first."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def insert(self, message: Message) -> None:
        """Add one."""
        self._db.run(
            "message.insert",
            id=message.id,
            to_id=message.to,
            sender_id=message.sender.id,
            sender_name=message.sender.name,
            words=message.text,
            pace=message.pace,
            shared=int(message.shared),
            key=message.key,
            sent_at=message.sent_at,
            ends_at=message.ends_at,
        )

    def of(self, to: str, now: float) -> list[Message]:
        """All for somebody that are not too old, told or not."""
        return [_message(row) for row in self._db.all("message.of", to_id=to, now=now)]

    def by_key(self, sender: str, key: str) -> list[Message]:
        """What somebody has sent under that key."""
        return [_message(row) for row in self._db.all("message.by_key", sender_id=sender, key=key)]

    def posts(self, sender: str, since: float, now: float) -> int:
        """How often somebody has written between two moments; to many at once is once."""
        row = self._db.one("message.posts", sender_id=sender, since=since, now=now)
        return 0 if row is None else int(row[0])

    def tell(self, message: Message) -> None:
        """Store whether it is told, and by what."""
        self._db.run(
            "message.tell", id=message.id, to_id=message.to, told_at=message.told_at, told_by=message.told_by
        )

    def expected(self, now: float) -> list[tuple[str, Pace]]:
        """For whom there is something that may have to be told."""
        return [(row[0], Pace(row[1])) for row in self._db.all("message.expected", now=now)]

    def forget(self, now: float, before: float) -> None:
        """Forget what is too old, unless it has a key and was sent after that time."""
        self._db.run("message.forget", now=now, before=before)


def _message(row: Row) -> Message:
    return Message(
        id=row[0],
        to=row[1],
        sender=Author(id=row[2], name=row[3]),
        text=row[4],
        pace=Pace(row[5]),
        shared=bool(row[6]),
        key=row[7],
        sent_at=row[8],
        ends_at=row[9],
        told_at=row[10],
        told_by=row[11],
    )
