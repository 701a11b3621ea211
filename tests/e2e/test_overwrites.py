"""Whatever way an agent takes to write over a person's unsaved work: it is refused, or given back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_orch.demo.scripted_model import ScriptedModel, Turn, text, tool
from tests.e2e.agents import EDITS, install, refusals
from tests.e2e.conftest import StartPerson, configure, typing
from tests.e2e.watch import Watch
from tests.fixtures.claude import RealClaude
from tests.fixtures.daemon import Instance

pytestmark = pytest.mark.real

SAVED = b"hello\n"
ALLOWED = (*EDITS, "--allowedTools", "Bash(sed:*)", "Bash(python3:*)")


def bash(command: str) -> Callable[[Path], Turn]:
    return lambda _: tool("Bash", command=command, description="write over it")


WAYS = {
    "Write": lambda path: tool("Write", file_path=str(path), content="all is gone\n"),
    "Edit": lambda path: tool("Edit", file_path=str(path), old_string="hello", new_string="bye"),
    "sed -i": bash("sed -i s/hello/bye/ README.md"),
    "python -c": bash("""python3 -c "open('README.md', 'w').write('all is gone')" """),
}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@every_way
def test_it_is_refused(
    person: StartPerson,
    instance: Instance,
    claude: RealClaude,
    model: ScriptedModel,
    readme: Path,
    way: Callable[[Path], Turn],
) -> None:
    configure(instance, "[leases]\nhook_wait_s = 0.1\n")
    install(claude, instance)
    model.play(tool("Read", file_path=str(readme)), way(readme), text("done"))
    with Watch(instance) as watch:
        typing(person, watch, readme)
        assert claude.headless(model, "go", *ALLOWED).status == 0
    (refusal,) = refusals(model.calls[2])
    assert "[lease-held] README.md is not yours to write now: a person, ada (Neovim)" in refusal
    assert readme.read_bytes() == SAVED


@every_way
def test_where_nothing_stands_in_its_way_it_is_given_back(
    person: StartPerson,
    instance: Instance,
    claude: RealClaude,
    model: ScriptedModel,
    readme: Path,
    way: Callable[[Path], Turn],
) -> None:
    model.play(tool("Read", file_path=str(readme)), way(readme), text("done"))
    with Watch(instance) as watch:
        typing(person, watch, readme)
        assert claude.headless(model, "go", *ALLOWED).status == 0
    assert readme.read_bytes() != SAVED
    kept = instance.json("recover", "list", "README.md")["versions"]
    (first,) = [each for each in kept if each["why"] == "granted"]
    instance.json("recover", "restore", "--id", first["id"], "--force")
    assert readme.read_bytes() == SAVED
