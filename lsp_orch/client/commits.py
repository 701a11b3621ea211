"""Which paths a commit or a push is about, as git tells its hooks: relative to the checkout, with slashes."""

# `Iterable` without the 1 ms that `collections` costs
from _collections_abc import Iterable

from lsp_orch.client.errors import ClientError
from lsp_orch.client.git import ask, names

# every path by its own name, whatever the user's settings make of a diff
_PLAIN = ("--name-only", "-z", "--no-renames", "--no-relative", "--no-ext-diff", "--ignore-submodules=none")


def staged() -> list[str]:
    """What the commit changes, deletions and both names of a rename included.

    In a hook git's own environment names the index that is committed: with `git commit PATH` and `-a` that is
    another one than usual. Before a first commit it is all that is staged.
    """
    return names(ask("diff", "--cached", *_PLAIN))


def pushed(updates: bytes, remote: str) -> list[str]:
    """What the commits change that a push gives to a remote: those that it is not known to have.

    ``updates`` is what git tells the hook: a line `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID` for each ref. An
    id of zeros is nothing: a deleted branch gives no commit, a new one replaces none.
    """
    refs = [each.split() for each in updates.decode("utf-8", "surrogateescape").split("\n") if each]
    if any(len(each) != 4 for each in refs):  # noqa: PLR2004 - the four words above
        raise ClientError("bad-request", "what git says of the push is not understood", "report this")
    tips, had = _commits(each[1] for each in refs), _commits(each[3] for each in refs)
    if not tips:
        return []
    known = _known(remote)
    if not had and not known:  # all there is; its history may be long, and what it came to is enough
        tree = ("ls-tree", "-r", "-z", "--name-only", "--full-tree")
        return _once(names(b"".join(ask(*tree, tip) for tip in tips)))
    # of a merge only what it did not take over as it was
    log = ("log", "--format=", "--no-show-signature", "--diff-merges=combined", *_PLAIN)
    return _once(names(ask(*log, *tips, *(f"^{each}" for each in had), *known)))


def _once(paths: list[str]) -> list[str]:
    return list(dict.fromkeys(paths))


def _commits(ids: Iterable[str]) -> list[str]:
    """The commits behind ids, as far as they are here: a tag leads to one, a blob to none."""
    wanted = "".join(f"{each}^{{commit}}\n" for each in dict.fromkeys(ids) if set(each) != {"0"})
    found = ask("cat-file", "--batch-check=%(objectname)", stdin=wanted.encode()) if wanted else b""
    return [each.decode() for each in found.splitlines() if b" " not in each]


def _known(remote: str) -> list[str]:
    """What leaves out the commits that the remote is known to have, or any when it has no name."""
    for where, option in ((f"refs/remotes/{remote}/", f"--remotes={remote}"), ("refs/remotes/", "--remotes")):
        if ask("for-each-ref", "--count=1", where):
            return ["--not", option]
    return []
