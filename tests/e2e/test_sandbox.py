"""A worker's shell meets the system itself: what others hold is read-only, also for unknown programs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.adapters import sandbox
from lsp_orch.demo.scripted_model import Call, Play, ScriptedModel, Turn, answer, tool
from lsp_orch.domain.errors import Unavailable
from tests.e2e.conftest import configure
from tests.fixtures.claude import RealClaude
from tests.fixtures.daemon import Instance

pytestmark = pytest.mark.real

DONE = answer(status="done", summary="did it", changed_files=[], follow_ups=[], learnings=[])
# what no grammar can tell from its command line
PROGRAM = "import sys\nopen(sys.argv[1], 'w').write('mine\\n')\nprint('written')\n"
HELD = "Read-only file system"


@pytest.fixture
def office(instance: Instance, claude: RealClaude, model: ScriptedModel, repository: Path) -> Instance:
    """Workers are shut in; a missing program is a failure, and only the system may forbid it."""
    if sys.platform == "linux" and not (shutil.which("bwrap") and shutil.which("socat")):
        pytest.fail("bubblewrap and socat are not here; run: ./scripts/setup")
    try:
        sandbox.probe()
    except Unavailable as error:
        pytest.skip(f"this machine forbids it: {error}")
    configure(instance, '[leases]\nhook_wait_s = 0.1\n[tasks]\nsandbox = "require"\n')
    instance.connect(claude, model)
    commit(instance, repository, {"write.py": PROGRAM, "held.txt": "theirs\n"})
    return instance


def commit(office: Instance, repository: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (repository / name).write_text(content, encoding="utf-8")
    for args in (("add", "--all"), ("commit", "--quiet", "--message=files")):
        subprocess.run(["git", *args], cwd=repository, check=True, env=office.env)


def bash(command: str) -> Turn:
    return tool("Bash", command=command, description="run it")


def told(call: Call) -> str:
    """What the last tool call came to."""
    return json.dumps(call.tool_results[-1]["content"])


def work(office: Instance, *turns: Play, model: ScriptedModel, isolate: str) -> dict[str, Any]:
    model.play(*turns, DONE)
    task = office.json("task", "add", "go", "--isolate", isolate)["task"]["id"]
    (after,) = office.json("task", "wait", task, "--timeout", "90", timeout_s=120)["tasks"]
    assert after["state"] == "review", after
    shown: dict[str, Any] = after
    return shown


def test_a_program_cannot_write_what_a_person_holds_until_they_let_go(
    office: Instance, model: ScriptedModel, repository: Path
) -> None:
    """Each further attempt is made at once; how many it takes says how long the client takes to notice."""
    said: list[str] = []
    tries = 40

    def again(call: Call) -> Turn:
        said.append(told(call))
        if len(said) == 1:
            assert (repository / "held.txt").read_text(encoding="utf-8") == "theirs\n"
            office.json("lease", "release", "--as", "ann")
        return DONE if "written" in said[-1] else bash("python3 write.py held.txt")

    office.json("lease", "acquire", "held.txt", "--as", "ann", "--ttl", "600")
    work(office, bash("python3 write.py held.txt"), *[again] * tries, model=model, isolate="shared")
    assert HELD in said[0]
    assert "written" in said[-1]
    assert (repository / "held.txt").read_text(encoding="utf-8") == "mine\n"
    assert not (repository / ".claude" / "settings.local.json").exists()


def test_what_somebody_takes_while_it_works_is_fenced_too(
    office: Instance, model: ScriptedModel, repository: Path
) -> None:
    said: list[str] = []

    def again(call: Call) -> Turn:
        said.append(told(call))
        if len(said) == 1:
            office.json("lease", "acquire", "held.txt", "--as", "ann", "--ttl", "600")
        return DONE if HELD in said[-1] else bash("python3 write.py held.txt")

    work(office, bash("python3 write.py free.txt"), *[again] * 40, model=model, isolate="shared")
    assert "written" in said[0]
    assert HELD in said[-1]
    assert (repository / "free.txt").exists()


def test_a_worktree_can_be_committed_from_and_holds_nothing_of_ours(
    office: Instance, model: ScriptedModel, repository: Path
) -> None:
    said: list[str] = []

    def hear(call: Call) -> Turn:
        said.append(told(call))
        outside = repository / "held.txt"
        return bash(f"python3 write.py {outside}; git add --all && git commit -qm more && git status --short")

    def last(call: Call) -> Turn:
        said.append(told(call))
        return DONE

    after = work(office, bash("python3 write.py new.txt"), hear, last, model=model, isolate="worktree")
    assert "written" in said[0]
    assert HELD in said[1]
    assert "fatal" not in said[1]
    files = [each["path"] for each in office.json("review", "show", after["id"])["files"]]
    assert files == ["new.txt"]
    assert (repository / "held.txt").read_text(encoding="utf-8") == "theirs\n"


def test_where_it_is_required_and_cannot_be_nothing_starts(
    office: Instance, model: ScriptedModel, short_root: Path
) -> None:
    only_git = short_root / "bin"
    only_git.mkdir()
    (only_git / "git").symlink_to(shutil.which("git") or "")
    office.env["PATH"] = str(only_git)
    task = office.json("task", "add", "go", "--attempts", "1")["task"]["id"]
    (after,) = office.json("task", "wait", task, "--timeout", "60", status=1)["tasks"]
    assert "there is no bwrap and no socat on the PATH" in after["error"]
    assert after["error"].endswith("[sandbox-missing]")
    assert not model.calls
    checks = {each["name"]: each for each in office.json("doctor", status=0)["checks"]}
    assert checks["sandbox"]["status"] == "warning"
