"""``lsp-orch config``: each setting's value and where it came from."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from lsp_orch.domain.errors import Code, Misuse
from lsp_orch.domain.layers import ENVIRONMENT, Value, plain, table
from lsp_orch.domain.settings import Settings
from lsp_orch.endpoints.params import optional
from lsp_orch.endpoints.rpc.role import Answer, Method

Read = Callable[[str, Mapping[str, str]], Mapping[str, Value]]


class ConfigMethods:
    """Translates ``config.*``.

    ``read`` gives every key's value in a workspace under an environment, ``paths`` the places of a workspace
    by name; ``running`` is what this daemon was started with.
    """

    def __init__(self, read: Read, paths: Callable[[str], Mapping[str, str]], running: Settings) -> None:
        self._read = read
        self._paths = paths
        self._running = running

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return {"config.show": self.show, "config.path": self.path}

    async def show(self, params: dict[str, Any]) -> Answer:
        """``{"workspace", "environment": {name: text}}`` to ``{"settings": {key: {...}}}``.

        Each has ``value``, ``source`` (default, user, workspace, environment), ``where`` and ``meaning``, and
        ``running`` where this daemon was started with another value.
        """
        workspace = optional(params, "workspace", "")
        values = await asyncio.to_thread(self._read, workspace, _environment(params))
        return {"settings": {key: self._shown(key, values[key]) for key in values}}

    async def path(self, params: dict[str, Any]) -> Answer:
        """``{"workspace"}`` to ``{"paths": {name: path}}``."""
        return {"paths": dict(self._paths(optional(params, "workspace", "")))}

    def _shown(self, key: str, value: Value) -> dict[str, Any]:
        row = table()[key]
        document = {
            "value": plain(value.value),
            "source": value.source.value,
            "where": value.where,
            "meaning": row.meaning,
        }
        running = getattr(self._running, row.field)
        if row.own and running != value.value:
            document["running"] = plain(running)
        return document


def _environment(params: dict[str, Any]) -> dict[str, str]:
    given: dict[str, Any] = optional(params, "environment", {})
    if not all(isinstance(each, str) for each in given.values()):
        raise Misuse(Code.BAD_REQUEST, "environment must map names to text")
    return {name: text for name, text in given.items() if name in ENVIRONMENT}
