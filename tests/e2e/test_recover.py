"""What was overwritten under coordination is given back, byte for byte."""

import hashlib
from pathlib import Path

import pytest

from lsp_orch.demo.scripted_model import ScriptedModel, text, tool
from tests.e2e.agents import EDITS, install
from tests.e2e.conftest import StartPerson, typing
from tests.e2e.watch import Watch
from tests.fixtures.claude import RealClaude
from tests.fixtures.daemon import Instance

pytestmark = pytest.mark.real


def test_what_an_agent_has_overwritten_is_given_back(
    instance: Instance, claude: RealClaude, model: ScriptedModel, readme: Path
) -> None:
    before = readme.read_bytes()
    install(claude, instance)
    read = tool("Read", file_path=str(readme))
    write = tool("Write", file_path=str(readme), content="all is gone\n")
    model.play(read, write, text("done"))
    assert claude.headless(model, "go", *EDITS).status == 0
    assert readme.read_bytes() == b"all is gone\n"
    after, first = instance.json("recover", "list", "README.md")["versions"]
    assert (first["why"], after["why"]) == ("read", "after-write")
    instance.json("recover", "restore", "--id", first["id"])
    assert readme.read_bytes() == before
    assert first["digest"] == hashlib.sha256(before).hexdigest()


def test_what_a_person_has_saved_over_is_given_back(
    person: StartPerson, instance: Instance, readme: Path
) -> None:
    before = readme.read_bytes()
    with Watch(instance) as watch:
        editor = typing(person, watch, readme)
        (kept,) = instance.json("recover", "list", "README.md")["versions"]
        editor.save()
        watch.wait_for("changed", lambda each: each["lease"]["state"] == "saved")
    assert (kept["why"], kept["digest"]) == ("granted", hashlib.sha256(before).hexdigest())
    instance.json("recover", "restore", "--id", kept["id"], "--force")
    assert readme.read_bytes() == before
