"""Commits and pushes with the guard in git's hooks: people and agents, the real git and the real daemon."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.cli import git_guard
from lsp_orch.demo.scripted_model import ScriptedModel, text, tool
from tests.e2e.agents import EDITS, install, refusals
from tests.e2e.conftest import configure
from tests.e2e.watch import Watch
from tests.fixtures.claude import RealClaude
from tests.fixtures.daemon import Instance
from tests.fixtures.editor import EditorProcess

ODD = b"new\nline 'quoted\" \xff"
DETACH = "import os, sys\nif os.fork(): os._exit(0)\nos.setsid()\nos.execvp('sh', ['sh', '-c', sys.argv[1]])"

Done = tuple[int, str]


class Agent:
    """A process that is a session as Claude Code's is: hooks name its pid, and it starts what it likes."""

    def __init__(self, instance: Instance, session: str) -> None:
        self.instance = instance
        self.session = session
        self._shell = subprocess.Popen(
            ["sh"],
            cwd=instance.workspace,
            env=instance.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def tell(self, event: str, **fields: Any) -> None:
        """A hook call of the session, which must pass."""
        document = {"hook_event_name": event, "session_id": self.session, "cwd": str(self.instance.workspace)}
        done = subprocess.run(
            self.instance.hook_command(),
            input=json.dumps(document | fields),
            env=self.instance.env | {"CLAUDE_PID": str(self._shell.pid)},
            cwd=self.instance.workspace,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done

    def edit(self, name: str) -> None:
        """Write a file as its tools do: the file is the session's then."""
        path = self.instance.workspace / name
        self.tell("PreToolUse", tool_name="Write", tool_input={"file_path": str(path)})
        with path.open("a", encoding="utf-8") as file:
            file.write(f"by {self.session}\n")

    def does(self, command: str) -> Done:
        """Run a command line in its shell."""
        assert self._shell.stdin
        assert self._shell.stdout
        self._shell.stdin.write(f"({command}) 2>&1\nstatus=$?; echo; echo ended $status\n")
        self._shell.stdin.flush()
        said = ""
        while not (line := self._shell.stdout.readline()).startswith("ended "):
            assert line, said
            said += line
        return int(line.split()[1]), said

    def end(self) -> None:
        self._shell.communicate()


@pytest.fixture
def guarded(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Instance:
    """A checkout with the guard in it, as ``setup`` puts it there."""
    instance.env["USER"] = "ada"
    for name, value in instance.env.items():
        monkeypatch.setenv(name, value)
    for step in git_guard.install(str(instance.workspace)):
        step.do()
    return instance


@pytest.fixture
def agent(guarded: Instance) -> Iterator[Callable[[str], Agent]]:
    with contextlib.ExitStack() as started:

        def start(session: str) -> Agent:
            found = Agent(guarded, session)
            started.callback(found.end)
            found.tell("SessionStart")
            return found

        yield start


@pytest.fixture
def editor(guarded: Instance) -> Iterator[EditorProcess]:
    """A person's, with README.md changed and not saved."""
    with Watch(guarded) as watch, editing(guarded) as found:
        readme = guarded.workspace / "README.md"
        found.open(readme, readme.read_text(encoding="utf-8"))
        found.change(readme, "half a thou")
        watch.wait_for("granted")
        yield found


@contextlib.contextmanager
def editing(instance: Instance) -> Iterator[EditorProcess]:
    with EditorProcess(instance.pipe_command(), env=instance.env, cwd=instance.workspace) as found:
        found.initialize(instance.workspace, "Vim")
        yield found
        found.goodbye()


def git(
    instance: Instance, *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None
) -> Done:
    """As the person does at a terminal."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=cwd or instance.workspace,
        env=instance.env | (env or {}),
        capture_output=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).decode(errors="backslashreplace")


def fine(
    instance: Instance, *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None
) -> str:
    status, said = git(instance, *arguments, cwd=cwd, env=env)
    assert status == 0, said
    return said


def stage(instance: Instance, *names: str) -> None:
    for name in names:
        (instance.workspace / name).write_text("changed\n", encoding="utf-8")
    fine(instance, "add", "--", *names)


def test_an_agent_does_not_commit_what_a_person_has_not_saved(
    agent: Callable[[str], Agent], editor: EditorProcess, guarded: Instance
) -> None:
    one = agent("s1")
    stage(guarded, "README.md", "other")
    status, said = one.does("git commit -m more")
    assert status == 1
    assert "this commit takes what somebody else holds [commit-held]" in said
    assert "README.md: a person, ada (Vim), has unsaved changes in it since " in said
    assert "git restore --staged PATH" in said
    assert "lsp-orch lease list" in said
    assert "end your turn" in said
    assert one.does("git restore --staged README.md && git commit -m more")[0] == 0
    with Watch(guarded) as watch:
        editor.close(guarded.workspace / "README.md")
        watch.wait_for("ended")
    assert one.does("git commit -am more")[0] == 0


def test_a_person_is_told_of_what_they_have_not_saved_and_may_commit(
    editor: EditorProcess, guarded: Instance
) -> None:
    stage(guarded, "README.md")
    status, said = git(guarded, "commit", "-m", "more")
    assert status == 0
    assert "lsp-orch: README.md has unsaved changes in ada (Vim), and this commit is without them" in said
    editor.save(guarded.workspace / "README.md")


def test_what_an_agent_holds_is_its_own_and_nobody_elses(
    agent: Callable[[str], Agent], guarded: Instance
) -> None:
    one, two = agent("s1"), agent("s2")
    one.edit("a.py")
    fine(guarded, "add", "a.py")
    for who in (two.does("git commit -m more"), git(guarded, "commit", "-m", "more")):
        assert who[0] == 1
        assert "a.py: Claude Code s1 holds it since " in who[1]
    assert "lease acquire PATH --wait" in git(guarded, "commit", "-m", "more")[1]
    assert one.does("git commit -m more")[0] == 0
    one.edit("a.py")
    fine(guarded, "add", "a.py")
    one.tell("SessionEnd")
    assert two.does("git commit -m more")[0] == 0


def test_who_commits_is_not_for_the_environment_to_say(
    agent: Callable[[str], Agent], guarded: Instance
) -> None:
    one, two = agent("s1"), agent("s2")
    one.edit("a.py")
    fine(guarded, "add", "a.py")
    names = {
        "AGENT_NAME": "s1",
        "GIT_AUTHOR_NAME": "Claude Code s1",
        "USER": "Claude Code s1",
        "LOGNAME": "s1",
    }
    assert git(guarded, "commit", "-m", "more", env=names)[0] == 1
    assert git(guarded, "commit", "-m", "more", env={"CLAUDE_CODE_SESSION_ID": "s9"})[0] == 1
    assert two.does("CLAUDE_CODE_SESSION_ID=s1 LSP_ORCH_SESSION=s1 git commit -m more")[0] == 1
    assert one.does("CLAUDE_CODE_SESSION_ID=s2 git commit -m more")[0] == 0


def test_a_child_that_has_left_its_agent_is_known_by_the_session_id(
    agent: Callable[[str], Agent], guarded: Instance
) -> None:
    one = agent("s1")
    one.edit("a.py")
    fine(guarded, "add", "a.py")

    def commit(**env: str) -> str:
        """In a process whose parents are gone."""
        done = subprocess.run(
            [sys.executable, "-c", DETACH, "git commit -m more; echo status $?"],
            cwd=guarded.workspace,
            env=guarded.env | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
        return done.stdout

    assert "status 1" in commit()
    assert "status 1" in commit(CLAUDE_CODE_SESSION_ID="s9")
    assert "status 0" in commit(CLAUDE_CODE_SESSION_ID="s1")


COMMITS: list[tuple[str, list[str]]] = [
    ("all", ["commit", "-am", "more"]),
    ("path", ["commit", "-m", "more", "held"]),
    ("only", ["commit", "-m", "more", "--only", "--", "held"]),
    ("amend", ["commit", "-a", "--amend", "--no-edit"]),
    ("deletion", ["rm", "--quiet", "held"]),
    ("rename", ["mv", "held", "moved"]),
]


def test_however_a_held_path_is_committed(guarded: Instance) -> None:
    stage(guarded, "held", "free")
    fine(guarded, "commit", "-m", "first")
    first = fine(guarded, "rev-parse", "HEAD").strip()
    for name, arguments in COMMITS:
        fine(guarded, "reset", "--quiet", "--hard", first)
        guarded.json("lease", "acquire", "held", "--as", "bot", "--reason", "rename it")
        (guarded.workspace / "free").write_text("again\n", encoding="utf-8")
        if arguments[0] == "commit":
            (guarded.workspace / "held").write_text("again\n", encoding="utf-8")
        else:
            fine(guarded, *arguments)
        commit = arguments if arguments[0] == "commit" else ["commit", "-m", "more"]
        status, said = git(guarded, *commit)
        assert status == 1, name
        assert "  held: bot holds it since " in said, name
        assert "(rename it)" in said, name
        guarded.json("lease", "release", "--as", "bot")
        fine(guarded, *commit)


def test_a_path_that_is_not_held_may_be_committed_beside_one_that_is(guarded: Instance) -> None:
    stage(guarded, "held", "free")
    fine(guarded, "commit", "-m", "first")
    guarded.json("lease", "acquire", "held", "--as", "bot")
    guarded.json("lease", "acquire", "free", "--as", "reader", "--mode", "read")
    stage(guarded, "held", "free")
    (guarded.workspace / "free").write_text("again\n", encoding="utf-8")
    fine(guarded, "commit", "-m", "more", "free")
    assert fine(guarded, "show", "--name-only", "--format=", "HEAD") == "free\n"
    assert git(guarded, "commit", "-m", "more")[0] == 1


def test_a_first_commit_and_a_merge_are_seen(guarded: Instance) -> None:
    fine(guarded, "checkout", "--quiet", "--orphan", "new")
    guarded.json("lease", "acquire", "README.md", "--as", "bot")
    assert "git rm --cached PATH" in git(guarded, "commit", "-m", "first")[1]
    fine(guarded, "checkout", "--quiet", "main")
    fine(guarded, "checkout", "--quiet", "-b", "side")
    stage(guarded, "held")
    fine(guarded, "commit", "-m", "side")
    fine(guarded, "checkout", "--quiet", "main")
    guarded.json("lease", "acquire", "held", "--as", "bot")
    assert "held: bot" in git(guarded, "merge", "--no-ff", "--no-edit", "side")[1]
    fine(guarded, "merge", "--abort")
    guarded.json("lease", "release", "--as", "bot")
    fine(guarded, "merge", "--no-ff", "--no-edit", "side")


def test_another_worktrees_files_are_other_files(guarded: Instance) -> None:
    other = guarded.workspace.with_name("other")
    fine(guarded, "worktree", "add", "--quiet", str(other))
    guarded.json("lease", "acquire", "README.md", "--as", "bot")
    (other / "README.md").write_text("changed\n", encoding="utf-8")
    fine(guarded, "commit", "-am", "more", cwd=other)
    guarded.json("lease", "acquire", "README.md", "--as", "bot", "--workspace", str(other))
    (other / "README.md").write_text("again\n", encoding="utf-8")
    assert "README.md: bot" in git(guarded, "commit", "-am", "more", cwd=other)[1]


def test_a_checkout_that_is_elsewhere_than_its_repository_is_guarded(guarded: Instance) -> None:
    away = guarded.workspace.with_name("away")
    away.mkdir()
    where = {"GIT_DIR": str(guarded.workspace / ".git"), "GIT_WORK_TREE": str(away)}
    (away / "README.md").write_text("changed\n", encoding="utf-8")
    guarded.json("lease", "acquire", "README.md", "--as", "bot", "--workspace", str(away))
    assert "README.md: bot" in git(guarded, "commit", "-am", "more", cwd=away, env=where)[1]
    index = {"GIT_INDEX_FILE": str(away / "index")}
    fine(guarded, "read-tree", "HEAD", cwd=away, env=where | index)
    fine(guarded, "commit", "--allow-empty", "-m", "nothing of it", cwd=away, env=where | index)


def test_a_push_of_held_paths_is_refused(guarded: Instance, agent: Callable[[str], Agent]) -> None:
    remote = guarded.workspace.with_name("remote.git")
    fine(guarded, "init", "--quiet", "--bare", str(remote))
    fine(guarded, "remote", "add", "origin", str(remote))
    fine(guarded, "push", "--quiet", "origin", "main")
    one = agent("s1")
    stage(guarded, "a.py")
    fine(guarded, "commit", "-m", "more")
    one.edit("a.py")
    for branch in ("main", "new"):
        status, said = git(guarded, "push", "origin", f"HEAD:{branch}")
        assert status == 1
        assert "this push takes what somebody else holds" in said
        assert "a.py: Claude Code s1" in said
    assert one.does("git push --quiet origin HEAD:main")[0] == 0
    fine(guarded, "push", "--quiet", "origin", "HEAD~:refs/heads/old")
    fine(guarded, "push", "--quiet", "--force", "origin", "HEAD~:main")
    fine(guarded, "push", "--quiet", "origin", ":old")
    assert git(guarded, "push", "--quiet", "origin", "main")[0] == 1
    fine(guarded, "push", "--quiet", "--no-verify", "origin", "main")


def test_ten_thousand_paths_and_odd_names(guarded: Instance) -> None:
    for number in range(10_000):
        folder = guarded.workspace / f"d{number % 100}"
        folder.mkdir(exist_ok=True)
        (folder / f"f{number}").touch()
    Path(os.fsdecode(os.fsencode(guarded.workspace) + b"/" + ODD)).touch()
    fine(guarded, "add", "--all")
    held = ["d7/f107", os.fsdecode(ODD)]
    guarded.json("lease", "acquire", *held, "--as", "bot")
    status, said = git(guarded, "commit", "--quiet", "-m", "many")
    assert status == 1
    (line,) = [each for each in said.splitlines() if "bot holds it" in each]
    assert line.startswith("  d7/f107, new\\x0aline 'quoted\" \\xff: bot holds it since ")
    guarded.json("lease", "release", "--as", "bot")
    fine(guarded, "commit", "--quiet", "-m", "many")


def test_links_are_committed_as_themselves_and_folders_as_what_they_are(guarded: Instance) -> None:
    stage(guarded, "target")
    (guarded.workspace / "link").symlink_to("target")
    fine(guarded, "add", "--all")
    guarded.json("lease", "acquire", "target", "--as", "bot")
    assert git(guarded, "commit", "--quiet", "-m", "both")[0] == 1
    fine(guarded, "reset", "--quiet", "target")
    fine(guarded, "commit", "--quiet", "-m", "the link")
    through = guarded.workspace.with_name("through")
    through.symlink_to(guarded.workspace)
    fine(guarded, "add", "target", cwd=through)
    assert "target: bot" in git(guarded, "commit", "-m", "more", cwd=through)[1]


@pytest.mark.parametrize(("mode", "status"), [("advise", 0), ("enforce", 1)])
def test_without_a_daemon_the_mode_decides(instance: Instance, mode: str, status: int) -> None:
    assert instance.cli("setup").returncode == 0
    configure(instance, "nonsense = 1\n")
    ended, said = git(instance, "commit", "--allow-empty", "-m", "more", env={"LSP_ORCH_MODE": mode})
    assert ended == status
    assert "could not check this commit" in said
    assert "config.toml:1" in said


def test_a_daemon_that_git_starts_is_nobodys(guarded: Instance) -> None:
    guarded.kill() if guarded.pid() else None
    fine(guarded, "commit", "--allow-empty", "-m", "more", env={"GIT_AUTHOR_NAME": "x"})
    pid = guarded.pid()
    assert pid
    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert [each for each in environment if each.startswith(b"GIT_")] == []


@pytest.mark.real
def test_the_real_client_is_known_by_its_process(
    guarded: Instance, claude: RealClaude, model: ScriptedModel
) -> None:
    install(claude, guarded)
    path = guarded.workspace / "new.txt"
    commit = (
        "unset CLAUDE_CODE_SESSION_ID; git add new.txt held.txt; "
        "git -c user.name=a -c user.email=a@b commit -m more"
    )
    guarded.json("lease", "acquire", "held.txt", "--as", "bot")
    (guarded.workspace / "held.txt").touch()
    model.play(
        tool("Write", file_path=str(path), content="x\n"),
        tool("Bash", command=commit),
        tool("Bash", command=f"git restore --staged held.txt; {commit.replace(' held.txt', '')}"),
        text("done"),
    )
    claude.headless(model, "go", *EDITS, "--allowedTools", "Bash")
    (refusal,) = refusals(model.calls[2])
    assert "held.txt: bot holds it" in refusal
    assert "new.txt" not in refusal
    assert refusals(model.calls[3]) == []
    assert fine(guarded, "show", "--name-only", "--format=", "HEAD") == "new.txt\n"
