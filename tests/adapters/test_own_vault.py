from pathlib import Path

from lsp_orch.adapters.clock import SystemClock
from lsp_orch.adapters.note_files import VaultFiles
from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.settings import Settings

ROOT = Path(__file__).parents[2]


def test_every_note_of_this_project_can_be_read() -> None:
    files = VaultFiles(lambda _: Settings(), ROOT / "nowhere", SystemClock())
    found = files.scan(str(ROOT))
    assert not isinstance(found, Refusal)
    assert len(found) > 5
    assert [each for path in found if isinstance(each := files.read(str(ROOT), path), Refusal)] == []
