"""Recognises what a command line of bash writes, before it runs."""

import os
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from lsp_orch.adapters.shell.files import Record
from lsp_orch.adapters.shell.walk import Walk
from lsp_orch.domain.shell.state import State
from lsp_orch.domain.shell.text import TooMuch
from lsp_orch.domain.shell.writes import Writes

if TYPE_CHECKING:
    from tree_sitter import Language, Tree

_NO_TEXT = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")  # what cannot be bytes in any way
_LONGEST = 200_000  # characters; far beyond what anybody writes by hand


class BashWrites:
    """Reads a command line by the grammar of bash and follows what it would do, without running any of it."""

    def writes(self, command: str, cwd: str, environment: Mapping[str, str]) -> Writes:
        """What the command may write when it is started in ``cwd``; never raises, whatever it is given.

        Programs are taken to be what their names say, the settings of the person's shell and git's own hooks
        to write nothing, and a quoted value that is not known to be no option.
        """
        record = Record()
        if len(command) > _LONGEST or _NO_TEXT.search(command):
            record.mystery("the command line is too long to be read, or no text")
            return record.writes()
        try:
            Walk(record, environment, _parse).program(
                command, State(folders=frozenset((os.path.normpath(cwd),)))
            )
        except (TooMuch, RecursionError):
            record.mystery("the command line does more than can be followed")
        return record.writes()


def _parse(text: str) -> "Tree":
    from tree_sitter import Parser

    return Parser(_language()).parse(text.encode("utf-8", "surrogateescape"))


@cache
def _language() -> "Language":
    import tree_sitter_bash
    from tree_sitter import Language

    return Language(tree_sitter_bash.language())
