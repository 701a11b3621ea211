"""The start: who listens has not yet imported what is heavy."""

import subprocess
import sys

from tests.client.test_pipe import imported
from tests.daemon.stage import ROOT

LIGHT = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import lsp_orch.daemon.__main__"


def test_clients_can_queue_before_anything_heavy_is_imported() -> None:
    command = [sys.executable, "-X", "importtime", "-I", "-c", LIGHT]
    loaded = imported(subprocess.run(command, capture_output=True, check=True).stderr)
    assert "lsp_orch.daemon.door" in loaded
    heavy = {"asyncio", "json", "logging", "lsp_orch.daemon.build", "lsp_orch.daemon.serve", "pygls"}
    assert not loaded & heavy
