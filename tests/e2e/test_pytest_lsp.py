"""Two editors by the book: pytest-lsp checks each message against what VS Code and Neovim say they can do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from tests.e2e.conftest import configure
from tests.fixtures.daemon import Instance

VSCODE, NEOVIM = "visual-studio-code", "neovim@v0.11"

_SOON_S = 20.0


class Window:
    """One editor's view of one file."""

    def __init__(self, client: LanguageClient, path: Path) -> None:
        self.client = client
        self.uri = path.as_uri()

    def open(self, text: str) -> None:
        document = lsp.TextDocumentItem(uri=self.uri, language_id="markdown", version=1, text=text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(document))

    def type(self, text: str) -> None:
        """Insert at the file's beginning."""
        start = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
        change = lsp.TextDocumentContentChangePartial(range=start, text=text)
        document = lsp.VersionedTextDocumentIdentifier(uri=self.uri, version=2)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))

    def save(self) -> None:
        document = lsp.TextDocumentIdentifier(self.uri)
        self.client.text_document_did_save(lsp.DidSaveTextDocumentParams(document))

    async def actions(self) -> list[str]:
        """The titles of what is offered; the rest lsprotocol's own client side reads wrongly."""
        top = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
        context = lsp.CodeActionContext(diagnostics=[])
        params = lsp.CodeActionParams(lsp.TextDocumentIdentifier(self.uri), top, context)
        return [each.title for each in await self.client.text_document_code_action_async(params) or []]

    async def ask(self) -> Any:
        """Choose "Ask for this file"."""
        call = lsp.ExecuteCommandParams("lspOrch.lease.request", [self.uri])
        return await self.client.workspace_execute_command_async(call)

    async def shown(self, wanted: Callable[[list[str]], bool]) -> list[str]:
        """Wait until the file's diagnostics are as wanted."""
        async with asyncio.timeout(_SOON_S):
            while not wanted(now := [each.message for each in self.client.diagnostics.get(self.uri, [])]):
                await self.client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        return now

    async def told(self) -> str:
        """Wait for the first message to the person."""
        async with asyncio.timeout(_SOON_S):
            while not self.client.messages:
                await self.client.wait_for_notification(lsp.WINDOW_SHOW_MESSAGE)
        return str(self.client.messages[0].message)


@asynccontextmanager
async def editing(instance: Instance, editor: str, path: Path, *, name: str = "") -> AsyncIterator[Window]:
    """An editor with the capabilities of ``editor``, which calls itself so unless it has a ``name``."""
    config = ClientServerConfig(server_command=instance.pipe_command(), server_env=instance.env)
    client = await config.start()
    assert isinstance(client, LanguageClient)
    try:
        offers = await client.initialize_session(
            lsp.InitializeParams(
                capabilities=client_capabilities(editor),
                client_info=lsp.ClientInfo(name=name or editor),
                workspace_folders=[lsp.WorkspaceFolder(instance.workspace.as_uri(), "project")],
            )
        )
        assert offers.server_info
        assert offers.server_info.name == "lsp-orch"
        yield Window(client, path)
        if not client.stopped:
            await client.shutdown_session()
    finally:
        if not client.stopped:
            await client.stop()  # type: ignore[no-untyped-call] # pytest-lsp leaves it untyped


@pytest.fixture
async def windows(instance: Instance, repository: Path) -> AsyncIterator[tuple[Window, Window]]:
    """VS Code and Neovim, both with the README open."""
    instance.env["USER"] = "ada"
    configure(instance, "[leases]\nvanished_s = 3600\n")
    async with AsyncExitStack() as stack:
        vscode, neovim = [
            await stack.enter_async_context(editing(instance, editor, repository / "README.md"))
            for editor in (VSCODE, NEOVIM)
        ]
        for each in (vscode, neovim):
            each.open("hello\n")
        yield vscode, neovim


async def test_each_editor_is_shown_the_other_in_what_it_understands(windows: tuple[Window, Window]) -> None:
    vscode, neovim = windows
    vscode.type("well, ")
    (shown,) = await neovim.shown(bool)
    assert shown.startswith(f"ada ({VSCODE}) has unsaved changes in this file since")
    assert await neovim.actions() == [
        f"lsp-orch: Ask for this file (held by ada ({VSCODE}))",
        f"lsp-orch: Take this file from ada ({VSCODE})",
        "lsp-orch: Tell me when this file is free or changes hands",
    ]
    assert (await neovim.ask())["ticket"]["position"] == 1
    (shown,) = await vscode.shown(bool)
    assert shown.startswith(f"ada ({NEOVIM}) waits for this file")
    vscode.save()
    assert "README.md is yours now" in await neovim.told()
    assert await neovim.shown(lambda now: not now) == []


async def test_an_editor_that_leaves_in_order_leaves_the_other_at_work(
    windows: tuple[Window, Window],
) -> None:
    vscode, neovim = windows
    vscode.type("well, ")
    await neovim.shown(bool)
    await vscode.client.shutdown_session()
    await neovim.shown(lambda now: not now)
    assert (await neovim.ask())["granted"]
    assert await neovim.actions() == ["lsp-orch: Release this file"]


async def test_an_unknown_method_and_command_are_answered_and_the_editor_works_on(
    windows: tuple[Window, Window],
) -> None:
    vscode, _ = windows
    with pytest.raises(JsonRpcException, match="no/such"):
        await vscode.client.protocol.send_request_async("no/such", {})  # type: ignore[no-untyped-call] # as above
    with pytest.raises(JsonRpcException, match=r"no\.such"):
        await vscode.client.workspace_execute_command_async(lsp.ExecuteCommandParams("no.such"))
    assert await vscode.actions() == []


async def test_the_holder_alone_is_asked_and_emacs_is_told(instance: Instance, repository: Path) -> None:
    instance.env["USER"] = "ada"
    path = repository / "README.md"
    async with AsyncExitStack() as stack:
        vscode, emacs = [
            await stack.enter_async_context(editing(instance, VSCODE, path, name=name))
            for name in ("Visual Studio Code", "Emacs")
        ]
        asked: list[tuple[str, str]] = []
        for window, name in ((vscode, "vscode"), (emacs, "emacs")):

            def choose(params: lsp.ShowMessageRequestParams, name: str = name) -> lsp.MessageActionItem:
                asked.append((name, params.message))
                return lsp.MessageActionItem("Hand over")

            window.client.feature(lsp.WINDOW_SHOW_MESSAGE_REQUEST)(choose)

            window.open("hello\n")
        vscode.type("well, ")
        await emacs.shown(bool)
        await emacs.ask()
        assert "README.md is yours now" in await emacs.told()
        assert asked == [("vscode", "lsp-orch: ada (Emacs) waits for README.md.")]
        assert "went to ada (Emacs)" in await vscode.told()
        await vscode.shown(bool)
        await vscode.ask()
        async with asyncio.timeout(_SOON_S):
            while not any("waits for README.md" in each.message for each in emacs.client.messages):
                await emacs.client.wait_for_notification(lsp.WINDOW_SHOW_MESSAGE)
        assert [name for name, _ in asked] == ["vscode"]
