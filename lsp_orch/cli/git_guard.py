"""The git guard of a checkout's repository: put in, taken out, and seen to be there."""

from collections.abc import Iterator
from pathlib import Path

from lsp_orch.cli import dispatcher, hooks_beside, hooks_over
from lsp_orch.cli.repository import Repository, find, same
from lsp_orch.cli.steps import Step
from lsp_orch.client.guard import HOOKS


def install(where: str) -> Iterator[Step]:
    """What is to be done that is not done yet, for all worktrees of the repository at once.

    Raises ClientError: there is no repository, or something is in the way.
    """
    repository = find(where)
    yield from (hooks_beside if _usual(repository) else hooks_over).install(repository)


def remove(where: str) -> Iterator[Step]:
    """What is to be done until all is as it was before.

    Raises ClientError: as ``install``.
    """
    repository = find(where)
    yield from hooks_over.remove(repository)
    yield from hooks_beside.remove(repository)


def lacking(where: str) -> list[str]:
    """The hooks of git's that do not lead to the guard, or not to what they led to before; all is well: none.

    Raises ClientError: as ``install``.
    """
    repository = find(where)
    folder = repository.hooks()
    # `pre-commit install` moves what it finds aside, and calls it first
    guarded = [
        name for name in HOOKS if any(dispatcher.ours(folder / f"{name}{end}") for end in ("", ".legacy"))
    ]
    passed_on = hooks_over.missing(repository) if same(folder, repository.own_hooks) else []
    return [*(name for name in HOOKS if name not in guarded), *passed_on]


def hooks(where: str) -> Path:
    """Where git looks for the hooks of a checkout.

    Raises ClientError: as ``install``.
    """
    return find(where).hooks()


def _usual(repository: Repository) -> bool:
    """Whether git looks for hooks in its usual folder, and all that is there can be kept beside ours."""
    if hooks_over.installed(repository):
        return False
    return same(repository.hooks(), repository.default_hooks) and hooks_beside.fits(repository)
