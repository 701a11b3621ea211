"""The files that say how work is planned and done."""

from typing import Protocol

from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.template import Shelf


class Templates(Protocol):
    """Ours, and those in a folder of the user's."""

    def shelf(self, folder: str) -> Shelf | Refusal:
        """All of them; one of the ``folder`` (empty: none) counts before ours of the same name.

        Refused as template-invalid, naming the file.
        """
