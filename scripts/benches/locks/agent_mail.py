"""File reservations of mcp_agent_mail, the Python server, over the HTTP that it speaks."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from turns import Sampler

from locks import install
from locks.servers import answers, free_port, server

NAME = "mcp_agent_mail"


class AgentMail:
    """A client with a project and an agent of its own, over one connection that stays open."""

    def __init__(self, port: int, project: Path) -> None:
        self._http = HTTPConnection("127.0.0.1", port)
        self._who = {"project_key": str(project), "agent_name": "BlueLake"}
        self._call("ensure_project", {"human_key": str(project)})
        agent = {"project_key": str(project), "program": "bench", "model": "none", "name": "BlueLake"}
        self._call("register_agent", agent)

    def sample(self, times: int) -> list[float]:
        """Time that many pairs of reserve and release."""
        return [self._pair() for _ in range(times)]

    def _pair(self) -> float:
        begin = time.perf_counter()
        reserved = self._call("file_reservation_paths", {**self._who, "paths": ["a.py"]})
        released = self._call("release_file_reservations", {**self._who, "paths": ["a.py"]})
        taken = time.perf_counter() - begin
        if not reserved["granted"] or released["released"] != 1:
            raise RuntimeError(f"a free file was not reserved: {reserved}, {released}")
        return taken

    def _call(self, tool: str, arguments: dict[str, Any]) -> Any:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
        body = json.dumps({**message, "params": {"name": tool, "arguments": arguments}})
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        self._http.request("POST", "/mcp/", body, headers)
        result = json.loads(self._http.getresponse().read())["result"]
        if result["isError"]:
            raise RuntimeError(f"{tool}: {result['content'][0]['text']}")
        return result["structuredContent"]


@contextmanager
def serving(folder: Path) -> Iterator[Sampler]:
    """Run it in an environment of its own, on loopback, without a language model."""
    python = install.python("mail")
    folder.mkdir()
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/mail.db",
        "STORAGE_ROOT": str(folder / "mail"),
        "LLM_ENABLED": "false",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it asks the internet at its start
        "HTTP_RBAC_ENABLED": "false",
        "TOOLS_LOG_ENABLED": "false",
        "LOG_RICH_ENABLED": "false",
    }
    command = [str(python), "-m", "mcp_agent_mail.cli", "serve-http", "--host", "127.0.0.1"]
    with server([*command, "--port", str(port)], answers(port), environment):
        try:
            client = AgentMail(port, folder / "project")
        except RuntimeError as error:
            raise install.Missing(f"it serves nobody: {error}") from error
        yield client.sample
