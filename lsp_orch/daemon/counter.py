"""Where people ask about tasks and their work: the calls, and the bell that ends a wait."""

from lsp_orch.daemon.part import Plain
from lsp_orch.domain.events import Event
from lsp_orch.endpoints.bell import Bell
from lsp_orch.endpoints.rpc.reviews import ReviewMethods
from lsp_orch.endpoints.rpc.role import Method
from lsp_orch.endpoints.rpc.tasks import TaskMethods


class Counter(Plain):
    """The part that answers ``task.*`` and ``review.*``."""

    def __init__(self, bell: Bell, tasks: TaskMethods, reviews: ReviewMethods) -> None:
        self._bell = bell
        self._methods = {**tasks.methods(), **reviews.methods()}

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return self._methods

    def on_event(self, event: Event) -> None:
        """Wake those who wait for a task."""
        self._bell.on_event(event)
