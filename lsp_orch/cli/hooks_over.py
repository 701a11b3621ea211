"""The guard where git's hooks live elsewhere: in a folder of our own that git is told to use.

A `core.hooksPath` may be part of the checkout, as husky's is, or serve all repositories of a person: neither
is ours to write to, and what is there may depend on its place. So nothing is touched there: `.git/config`
includes a file of ours that names our folder, and each script in it passes on to the hook that git would use
without us, wherever that is by then.

The include counts only where the repository is now: when it is moved, or seen from a container, git uses what
it used before.
"""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from lsp_orch.cli import dispatcher
from lsp_orch.cli.hooks_beside import write
from lsp_orch.cli.repository import Repository, same
from lsp_orch.cli.steps import Step
from lsp_orch.client import git
from lsp_orch.client.errors import ClientError
from lsp_orch.client.guard import HOOKS
from lsp_orch.domain.errors import Code

# all hooks whose mere presence changes nothing: one that is added later is passed on to as well
_PLAIN = (
    *(
        "applypatch-msg",
        "pre-applypatch",
        "post-applypatch",
        "prepare-commit-msg",
        "commit-msg",
        "post-commit",
    ),
    *("post-checkout", "post-merge", "post-rewrite", "pre-auto-gc", "sendemail-validate"),
    *("pre-receive", "update", "post-receive", "post-update"),
)
# presence changes what git does, or costs at every step: passed on to only where there is one
_RARE = ("push-to-checkout", "proc-receive", "reference-transaction", "post-index-change")
_INCLUDED = "lsp-orch-guard/config"  # seen from `.git/config`


def installed(repository: Repository) -> bool:
    """Whether there is anything of it."""
    return repository.own.exists() or bool(_sections(repository))


def missing(repository: Repository) -> list[str]:
    """The hooks that are in force without us and that our folder does not pass on to."""
    theirs = _theirs(repository)
    return [name for name in _RARE if (theirs / name).exists() and not (repository.own_hooks / name).exists()]


def install(repository: Repository) -> Iterator[Step]:
    """What is to be done that is not done yet."""
    folder, config = repository.own_hooks, repository.own / "config"
    if "\n" in str(folder):
        raise ClientError(
            Code.GUARD_NOT_INSTALLED,
            f"git's settings cannot name {folder!s}, which has a line break",
            "rename the folder",
        )
    if not folder.is_dir():
        yield Step(does=f"make the folder {folder}", do=partial(folder.mkdir, parents=True))
    for name in (*HOOKS, *_PLAIN, *missing(repository)):
        text = dispatcher.over(name, folder)
        if not _says(folder / name, text):
            yield Step(does=f"write {folder / name}", do=partial(write, folder / name, text))
    if not config.exists() or _get(config, "core.hooksPath") != [str(folder)]:
        yield Step(does=f"name it in {config}", do=partial(_set, config, "core.hooksPath", str(folder)))
    wanted = _wanted(repository)
    found = _sections(repository)
    for section in [each for each in found if each not in wanted]:
        yield Step(
            does=f"remove [{section}] from {repository.config}: the repository was elsewhere then",
            do=partial(_forget, repository, section),
        )
    for section in [each for each in wanted if each not in found]:
        yield Step(
            does=f"include it in {repository.config}: [{section}]",
            do=partial(_set, repository.config, f"{section}.path", _INCLUDED),
        )
    if not same(repository.hooks(), folder):
        yield Step(does="check that git uses it", do=partial(_verify, repository))


def remove(repository: Repository) -> Iterator[Step]:
    """What is to be done until all is as it was before."""
    for section in _sections(repository):
        yield Step(
            does=f"remove [{section}] from {repository.config}", do=partial(_forget, repository, section)
        )
    if repository.own.exists():
        yield Step(does=f"remove the folder {repository.own}", do=partial(shutil.rmtree, repository.own))


def _verify(repository: Repository) -> None:
    """Something stronger than the repository's settings may name another folder: then we are of no use."""
    if not same(found := repository.hooks(), repository.own_hooks):
        for step in remove(repository):
            step.do()
        raise ClientError(
            Code.GUARD_NOT_INSTALLED,
            f"git goes on to use the hooks in {found}: something stronger than {repository.config} says so",
            "see `git config --show-scope --get-all core.hooksPath`, unset it there, and run this again",
        )


def _theirs(repository: Repository) -> Path:
    """Where git would look without us."""
    values = git.ask(
        "config", "-z", "--type=path", "--get-all", "core.hooksPath", folder=str(repository.folder), none=1
    )
    others = [each for each in git.names(values) if each != str(repository.own_hooks)]
    return repository.folder / others[-1] if others else repository.default_hooks


def _wanted(repository: Repository) -> list[str]:
    """When we count: in the repository's own git folder, or in that of one of its worktrees."""
    place = "".join(f"\\{each}" if each in "*?[]\\" else each for each in str(repository.common.resolve()))
    return [f"includeIf.gitdir:{place}", f"includeIf.gitdir:{place}/"]


def _sections(repository: Repository) -> list[str]:
    """Those of our sections that are in the repository's settings."""
    options = ("config", "--file", str(repository.config), "-z", "--get-regexp", r"^includeif\..*\.path$")
    pairs = (each.partition("\n") for each in git.names(git.ask(*options, none=1)))
    # git writes the first word of a key in small letters
    return [
        f"includeIf.{key.partition('.')[2].removesuffix('.path')}"
        for key, _, value in pairs
        if value == _INCLUDED
    ]


def _forget(repository: Repository, section: str) -> None:
    # the section goes with its last line; --remove-section would stumble over a bracket in its name
    git.ask("config", "--file", str(repository.config), "--unset", f"{section}.path")


def _get(file: Path, key: str) -> list[str]:
    return git.names(git.ask("config", "--file", str(file), "-z", "--get-all", key, none=1))


def _set(file: Path, key: str, value: str) -> None:
    git.ask("config", "--file", str(file), key, value)


def _says(file: Path, text: str) -> bool:
    return file.is_file() and file.read_bytes() == text.encode("utf-8", "surrogateescape")
