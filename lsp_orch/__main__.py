"""The command ``lsp-orch``."""

import sys


def main() -> None:
    """Send what clients start its short way; everything else goes to the command line."""
    verb = sys.argv[1] if len(sys.argv) > 1 and "--help" not in sys.argv else ""
    if verb == "lsp":
        from lsp_orch.client import pipe

        pipe.main()
    elif verb == "mcp":
        from lsp_orch.client import mcp

        mcp.main()
    elif verb == "hook":
        from lsp_orch.client import hook

        hook.main()
    elif verb == "guard":
        from lsp_orch.client import guard

        guard.main(sys.argv[2:])
    else:
        from lsp_orch.cli.main import main as command_line

        command_line()


if __name__ == "__main__":
    main()
