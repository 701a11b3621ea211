"""``python -m lsp_orch.daemon``: the daemon, in the foreground unless ``--detach``."""

from typing import TYPE_CHECKING

from lsp_orch.daemon import run

if TYPE_CHECKING:
    from lsp_orch.daemon.app import App


def main() -> None:
    """Run the daemon with the whole application."""
    run.main(_build)


async def _build() -> "App":
    from lsp_orch.daemon.build import build

    return await build()


if __name__ == "__main__":
    main()
