"""What the editors that we know can do, by the name they give themselves."""

import re

from lsprotocol import types as lsp

# who may be asked a question with buttons, and why (not); whoever is not here is told instead, and can answer
# by a code action: a question that takes somebody's keys while they type is worse than none
ASKED: dict[str, tuple[bool, str]] = {
    r"Visual Studio Code\b.*": (True, "a toast beside the text"),
    r"VSCodium\b.*|Code - OSS\b.*|code-server\b.*": (True, "builds of Visual Studio Code: the same toast"),
    r"Neovim\b.*": (False, "`vim.ui.select` is `inputlist()` unless replaced: the next keys are the answer"),
    r"Emacs\b.*|Eglot\b.*|lsp-mode\b.*": (False, "a `completing-read` in the minibuffer blocks all of Emacs"),
    r"helix\b.*": (False, "a popup over the text takes the keys"),
    r"": (False, "eglot before 1.10 and others give no name, and may be any of these"),
}


def takes_questions(params: lsp.InitializeParams) -> bool:
    """Whether a question blocks nobody there: the table knows, or the client says so itself."""
    experimental = params.capabilities.experimental
    ours = experimental.get("lspOrch") if isinstance(experimental, dict) else None
    if isinstance(ours, dict) and isinstance(ours.get("questions"), bool):
        return bool(ours["questions"])
    name = params.client_info.name if params.client_info else ""
    known = (asked for pattern, (asked, _) in ASKED.items() if re.fullmatch(pattern, name, re.IGNORECASE))
    return next(known, False)
