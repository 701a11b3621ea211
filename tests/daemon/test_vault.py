from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_orch.adapters.places import Places
from lsp_orch.daemon.vault import Vault
from lsp_orch.daemon.world import World
from lsp_orch.domain.settings import Settings
from lsp_orch.endpoints.hooks.event import HookEvent
from tests.services.test_learnings import learned

START = HookEvent(name="SessionStart", session="s1", cwd="/w", source="startup")


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    folders = {name: tmp_path / name for name in ("config", "data", "log", "state")}
    for each in folders.values():
        each.mkdir()
    vault = Vault(World(places=Places(instance="test", **folders)), lambda _: Settings())
    yield vault
    vault.close()


async def test_what_an_accepted_task_learned_is_told_to_the_next_session(
    vault: Vault, tmp_path: Path
) -> None:
    workspace = str(tmp_path / "w")
    await vault.learn(replace(learned("tabs, not spaces"), workspace=workspace))
    assert "tabs, not spaces" in await vault.at_start(START, workspace)


async def test_learning_the_same_twice_is_learning_it_once(vault: Vault, tmp_path: Path) -> None:
    task = replace(learned("tabs, not spaces"), workspace=str(tmp_path / "w"))
    await vault.learn(task)
    await vault.learn(task)
    assert len(list((tmp_path / "w").rglob("*.md"))) == 1


@pytest.mark.parametrize("source", ["clear", "compact"])
async def test_a_session_that_lost_its_notes_is_told_them_again(
    vault: Vault, tmp_path: Path, source: str
) -> None:
    workspace = str(tmp_path / "w")
    await vault.learn(replace(learned("tabs, not spaces"), workspace=workspace))
    assert await vault.at_start(replace(START, source=source), workspace)


@pytest.mark.parametrize("source", ["resume", "fork"])
async def test_a_session_that_still_has_its_notes_is_told_nothing(
    vault: Vault, tmp_path: Path, source: str
) -> None:
    workspace = str(tmp_path / "w")
    await vault.learn(replace(learned("tabs, not spaces"), workspace=workspace))
    assert await vault.at_start(replace(START, source=source), workspace) == ""


async def test_a_vault_that_cannot_be_written_does_not_hold_up_the_merge(
    vault: Vault, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "w"
    in_the_way.write_text("a file, not a folder")
    await vault.learn(replace(learned("tabs, not spaces"), workspace=str(in_the_way)))
    assert "was not kept" in caplog.text
