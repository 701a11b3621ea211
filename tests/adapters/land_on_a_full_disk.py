"""Moves a checkout forward on a small disk of its own that is full; says whether it is as it was."""

import json
import sys
from pathlib import Path

from lsp_orch.adapters import git_landing
from lsp_orch.adapters.git import GitProgram
from lsp_orch.domain.errors import Unavailable
from tests.adapters.test_git import Repo

BIG = 200 * 1024


def main(disk: Path, left: int, *, blind: bool) -> None:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(disk), "GIT_CONFIG_NOSYSTEM": "1", "GIT_OPTIONAL_LOCKS": "0"}
    repo = Repo(disk / "project", env)
    repo.path.mkdir()
    repo("init", "--quiet", "--initial-branch", "main")
    repo("config", "user.email", "a@b.c")
    repo("config", "user.name", "a")
    for name in "abc":
        repo.write(f"{name}.txt", name * BIG)
    repo.commit("gone.txt", "gone\n")
    first = repo("rev-parse", "HEAD")
    for name in "abc":
        repo.write(f"{name}.txt", f"{name}{name.upper()}" * BIG)
    (repo.path / "new").mkdir()
    (repo.path / "gone.txt").unlink()
    tip = repo.commit("new/new.txt", "new" * BIG)
    repo("reset", "--quiet", "--hard", first)
    _fill(disk / "filler", left)
    before = repo.state()
    code = ""
    if blind:
        setattr(git_landing.Landing, "_room", lambda _: None)  # noqa: B010 - it fills only afterwards
    try:
        GitProgram(disk / "worktrees", env).fast_forward(str(repo.path), tip)
    except Unavailable as error:
        code = error.refusal.code
    after = repo.state()
    fsck = repo("fsck", "--strict", "--no-dangling")
    folders = sorted(each.name for each in repo.path.iterdir() if each.is_dir())
    sys.stdout.write(json.dumps({"code": code, "same": before == after, "fsck": fsck, "folders": folders}))


def _fill(path: Path, left: int) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            file.truncate(max(0, file.tell() - left))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), blind=sys.argv[3] == "blind")
