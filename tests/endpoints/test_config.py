"""What `config` tells."""

from collections.abc import Mapping
from typing import Any

import pytest

from lsp_orch.domain import layers
from lsp_orch.domain.errors import Misuse, Refusal
from lsp_orch.domain.layers import Value
from lsp_orch.domain.settings import Settings
from lsp_orch.endpoints.rpc.config import ConfigMethods


def read(workspace: str, environment: Mapping[str, str]) -> dict[str, Value]:
    assert workspace == "/w"
    return layers.layered(layers.from_environment(environment))


METHODS = ConfigMethods(read, lambda workspace: {"user settings": f"{workspace}/u"}, Settings(claude="old"))


async def show(environment: object) -> dict[str, Any]:
    answer = await METHODS.show({"workspace": "/w", "environment": environment})
    assert not isinstance(answer, Refusal)
    found: dict[str, Any] = answer["settings"]
    return found


async def test_every_setting_is_shown_with_where_it_came_from() -> None:
    shown = await show({"LSP_ORCH_MODE": "enforce", "HOME": "/h"})
    assert set(shown) == set(layers.table())
    assert shown["mode"] == {
        "value": "enforce",
        "source": "environment",
        "where": "LSP_ORCH_MODE",
        "meaning": "what a hook does when lsp-orch itself fails",
    }
    assert shown["leases.ttl_s"]["source"] == "default"


async def test_what_the_running_daemon_has_otherwise_is_told() -> None:
    shown = await show({"LSP_ORCH_CLAUDE": "new"})
    assert (shown["claude"]["value"], shown["claude"]["running"]) == ("new", "old")
    assert "running" not in shown["store"]


async def test_an_environment_that_is_none_is_refused() -> None:
    with pytest.raises(Misuse):
        await show({"LSP_ORCH_MODE": 1})


async def test_the_places_are_told() -> None:
    assert await METHODS.path({"workspace": "/w"}) == {"paths": {"user settings": "/w/u"}}
