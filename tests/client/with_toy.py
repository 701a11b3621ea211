"""A client that starts a toy daemon when it finds none: ``python -m tests.client.with_toy hook|pipe``."""

import sys
from pathlib import Path
from typing import NoReturn

from lsp_orch.client import hook, pipe, spawn

ROOT = str(Path(__file__).parents[2])


def command(toy: list[str]) -> list[str]:
    code = f"import sys; sys.path.insert(0, {ROOT!r}); from tests.daemon.toy import main; main()"
    return [sys.executable, "-I", "-c", code, *toy]


def _broken(*_: object, **__: object) -> NoReturn:
    raise KeyError("seeded")


def main() -> None:
    _, which, *rest = sys.argv
    spawn.command = lambda: command(rest)
    for each in rest:
        if each.startswith("--longest="):
            hook._LONGEST_S = float(each.partition("=")[2])
    if "--broken" in rest:
        setattr(hook, "connect", _broken)  # noqa: B010 - a seeded bug
    {"hook": hook.main, "pipe": pipe.main}[which]()


if __name__ == "__main__":
    main()
