"""What files said."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.version import Content


class Contents(Protocol):
    """What files say, kept by its digest, each content once; whole or not at all. Paths are canonical.

    A refusal is ``content-not-kept``: the file is larger than the setting allows, unreadable, or no regular
    file; where there is none, its content is ``ABSENT``. Every method raises Unavailable when the disk is
    full or cannot be read or written.
    """

    def there(self, path: str) -> bool:
        """Whether there is anything at all: one quick look, also for an event loop."""

    def look(self, path: str) -> Content | Refusal:
        """What a file says now, and nothing is kept."""

    def keep(self, path: str) -> Content | Refusal:
        """The same, and it is on disk when this returns."""

    def has(self, digest: str) -> bool:
        """Whether this content is kept."""

    def read(self, digest: str) -> bytes:
        """Give it back byte for byte; raises Unavailable (store-corrupt) when it is not what was kept."""

    def write(self, path: str, content: Content) -> None:
        """Let a file say this again, in one step; for ``ABSENT`` the file is taken away.

        Raises Unavailable: ``content-not-restored`` where the file cannot be written, or as ``read`` does.
        """

    def drop(self, digests: Iterable[str]) -> None:
        """Forget contents; nothing happens where one is not kept."""

    def stored(self, before: float) -> Sequence[str]:
        """The digest of every content that was first kept before that time (seconds since the epoch)."""

    def sweep(self) -> None:
        """Take away what a crash has left half-written."""
