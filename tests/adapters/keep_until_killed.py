"""Keeps ever new contents until it is killed, and says when each is kept; or comes to a halt half-way."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from lsp_orch.adapters.contents import StoredContents
from lsp_orch.domain.version import Content
from tests.fixtures.clock import FakeClock


def main(folder: str, files: str, halt: str) -> None:
    """``halt`` names what is not done any more: write, fsync, replace or nothing."""
    contents = StoredContents(Path(folder), 1 << 30, FakeClock())
    _keep(contents, Path(files, "first"))
    _halt_at(halt)
    while True:
        _keep(contents, Path(files, "next"))


def _keep(contents: StoredContents, file: Path) -> None:
    file.write_bytes(os.urandom(1 << 20))
    content = contents.keep(str(file))
    assert isinstance(content, Content)
    _say(content.digest)


def _halt_at(step: str) -> None:
    def halt(*_: Any) -> None:
        _say("halted")
        signal.pause()  # until it is killed

    match step:
        case "write":  # in the middle: the first block is in the file
            from lsp_orch.adapters import contents  # noqa: PLC0415 - to change it

            real = contents._chunks

            def chunks(stream: Any, largest: int) -> Any:
                for number, chunk in enumerate(real(stream, largest)):
                    yield chunk
                    if number == 2 and any(Path(sys.argv[1]).glob(".*.part")):
                        halt()

            contents._chunks = chunks
        case "fsync":
            os.fsync = halt  # type: ignore[assignment]  # nothing else runs here
        case "replace":
            Path.replace = halt  # type: ignore[method-assign,assignment]  # the same


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
