"""Whether Claude Code is new enough: asked once of each file that is started."""

import os
import re
import subprocess
from pathlib import Path

from lsp_orch.adapters.programs import say_claude_version
from lsp_orch.domain.errors import Code, Unavailable

LEAST = (2, 1, 329)  # whose hooks, events and exits we have tried: older ones let pass what must be asked
_SAID = re.compile(r"(\d+)\.(\d+)\.(\d+) \(Claude Code\)")


class ClaudeVersion:
    """Remembers what it has asked: a program that is replaced is another file."""

    def __init__(self) -> None:
        self._sound: set[tuple[str, int, int]] = set()

    def check(self, program: str) -> None:
        """Refuse one that is too old; one that does not say its version will show itself what it can do.

        Raises:
            Unavailable: claude-too-old.
        """
        try:
            status = Path(program).stat()
            file = os.path.realpath(program), status.st_mtime_ns, status.st_size
            if file in self._sound:
                return
            said = say_claude_version(program)
        except (OSError, subprocess.SubprocessError):  # the start itself says best what is wrong
            return
        refuse_old(said)
        self._sound.add(file)


def refuse_old(said: str) -> None:
    """Refuse what ``--version`` says of one that is too old.

    Raises:
        Unavailable: claude-too-old.
    """
    found = _SAID.match(said)
    if found and tuple(map(int, found.groups())) < LEAST:
        least = ".".join(map(str, LEAST))
        raise Unavailable(
            Code.CLAUDE_TOO_OLD,
            f"Claude Code is {said}, and older than {least}",
            "upgrade it: `claude update`, or npm install -g @anthropic-ai/claude-code",
        )
