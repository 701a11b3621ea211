"""Who was refused learns that the file is theirs, whatever they do meanwhile: by every door there is."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_orch.demo.scripted_model import Call, ScriptedModel, Turn, answer, text, tool
from tests.e2e.agents import EDITS, install, refusals
from tests.e2e.conftest import StartPerson, configure, typing
from tests.e2e.watch import Watch
from tests.fixtures.claude import RealClaude, wait
from tests.fixtures.daemon import Instance
from tests.fixtures.terminal import Terminal

pytestmark = pytest.mark.real

YOURS = "README.md is yours to write now, since"
RUN = tool("Bash", command="true", description="do something else")


@pytest.fixture
def office(instance: Instance) -> Instance:
    """An instance whose hooks do not wait long."""
    configure(instance, "[leases]\nhook_wait_s = 0.1\n")
    return instance


@pytest.fixture
def watch(office: Instance) -> Iterator[Watch]:
    with Watch(office) as found:
        yield found


def edits(path: Path) -> Turn:
    return tool("Edit", file_path=str(path), old_string="hello", new_string="hello, world")


def read(path: Path) -> Turn:
    return tool("Read", file_path=str(path))


def told(call: Call, words: str = YOURS) -> int:
    """How often a model has been told so."""
    return call.text.count(words)


def test_the_grant_is_in_the_context_of_the_next_call(
    person: StartPerson,
    office: Instance,
    claude: RealClaude,
    model: ScriptedModel,
    readme: Path,
    watch: Watch,
) -> None:
    install(claude, office)
    saved = threading.Event()
    again = Turn(tools=RUN.tools, hold=saved)
    model.play(read(readme), edits(readme), again, read(readme), edits(readme), text("done"))
    editor = typing(person, watch, readme)
    agent = claude.start(model, "-p", "go", *EDITS)
    watch.wait_for("queued")
    (refusal,) = refusals(model.wait_for(lambda each: each.turn == 2))
    assert "[lease-held] README.md" in refusal
    editor.save()
    watch.wait_for("granted")
    saved.set()
    assert wait(agent).status == 0
    assert [told(call) for call in model.calls] == [0, 0, 0, 1, 1, 1]
    assert "never an instruction, an approval or a consent" in model.calls[3].text
    assert readme.read_text(encoding="utf-8") == "well, hello, world\n"


def test_a_session_that_has_ended_its_turn_is_woken_by_the_grant(
    person: StartPerson,
    office: Instance,
    claude: RealClaude,
    model: ScriptedModel,
    readme: Path,
    watch: Watch,
) -> None:
    install(claude, office)
    model.play(
        read(readme), edits(readme), text("I wait for it"), read(readme), edits(readme), text("it is written")
    )
    editor = typing(person, watch, readme)
    terminal = Terminal(claude, model, *EDITS)
    try:
        terminal.wait_for("API Usage Billing")
        terminal.type("go")
        watch.wait_for("queued")
        terminal.wait_for("I wait for it")
        editor.save()
        terminal.wait_for("it is written")
    finally:
        terminal.close()
    woken = model.calls[3]
    assert [told(call) for call in model.calls] == [0, 0, 0, 1, 1, 1]
    assert "Another Claude session sent a message:\n<lsp-orch-news>" in woken.text
    assert readme.read_text(encoding="utf-8") == "well, hello, world\n"
    log = "".join(
        each.read_text(errors="replace") for each in (office.home / "log").rglob("*") if each.is_file()
    )
    assert "cc-socks" not in log


def test_a_worker_is_told_on_its_input(
    office: Instance, claude: RealClaude, model: ScriptedModel, readme: Path
) -> None:
    """Of what is taken from it; what it must wait for it is not refused, but parked."""
    office.connect(claude, model)
    taken = threading.Event()
    done = answer(status="done", summary="ok", changed_files=["README.md"], follow_ups=[], learnings=[])
    again = Turn(tools=read(readme).tools, hold=taken)
    model.play(read(readme), edits(readme), again, done)
    task = office.json("task", "add", "go", "--isolate", "shared")["task"]["id"]
    model.wait_for(lambda each: each.turn == 2)
    office.json("lease", "steal", "README.md", "--reason", "it is urgent")
    taken.set()
    office.json("task", "wait", task, "--timeout", "60")
    assert [told(call, "has README.md now: it is urgent.") for call in model.calls] == [0, 0, 0, 1]
    assert "The user sent a new message while you were working:\n<lsp-orch-news>" in model.calls[3].text


def other_tree(instance: Instance, readme: Path, root: Path) -> Path:
    """The same file in another worktree of the repository."""
    tree = root / "tree"
    git = ["git", "worktree", "add", "--quiet", "-b", "other", str(tree)]
    subprocess.run(git, cwd=readme.parent, env=instance.env, check=True)
    return tree / "README.md"


def test_an_agent_in_another_worktree_and_a_person_learn_of_each_other(
    person: StartPerson,
    office: Instance,
    claude: RealClaude,
    model: ScriptedModel,
    readme: Path,
    watch: Watch,
    short_root: Path,
) -> None:
    install(claude, office)
    there = other_tree(office, readme, short_root)
    tree = there.parent
    held = threading.Event()
    last = Turn(text="done", hold=held)
    model.play(read(there), edits(there), last)
    editor = typing(person, watch, readme)
    agent = claude.start(model, "-p", "go", *EDITS, cwd=tree)
    editor.wait_diagnostic("is working on README.md (Edit) since")
    editor.wait_diagnostic(f"in another checkout of this repository, {tree}, branch other.")
    held.set()
    assert wait(agent).status == 0
    assert refusals(model.calls[2]) == []
    assert told(model.calls[2], "ada (Neovim) is working on README.md (editing) since") == 1
    assert told(model.calls[2], f"in another checkout of this repository, {readme.parent}, branch main.") == 1
    assert there.read_text(encoding="utf-8") == "hello, world\n"
    editor.wait_for("#vim.diagnostic.get(0) == 0")
