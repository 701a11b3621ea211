"""The real clients and throw-away places that tests run against."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import settings

from lsp_orch.demo.scripted_model import ScriptedModel
from tests.fixtures import claude as real_claude
from tests.fixtures import neovim as real_neovim
from tests.fixtures.claude import RealClaude
from tests.fixtures.daemon import Instance
from tests.fixtures.neovim import Neovim
from tests.fixtures.postgres import Cluster

settings.register_profile("lsp-orch", deadline=None)  # how long an example takes is the machine's business
settings.load_profile("lsp-orch")


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long and how often is tried what chance decides."""
    group = parser.getgroup("lsp-orch")
    group.addoption("--chaos-seconds", type=float, default=60.0, help="how long tests/chaos goes on (60)")
    group.addoption("--chaos-seed", type=int, default=0, help="what tests/chaos chooses by (0: a new one)")
    group.addoption("--histories", type=int, default=0, help="histories of each property (0: its own number)")


@pytest.fixture(autouse=True)
def histories(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many histories as ``--histories`` says, and others than in CI, where a property has ``THOROUGH``."""
    number = request.config.getoption("histories")
    for owner, name in ((request.module, "THOROUGH"), (request.cls, "settings")):
        usual = getattr(owner, name, None)
        if number and isinstance(usual, settings):
            monkeypatch.setattr(owner, name, settings(usual, max_examples=number, derandomize=False))


@pytest.fixture
def short_root() -> Iterator[Path]:
    """A folder whose path is short enough for Unix sockets below it."""
    root = Path(tempfile.mkdtemp(prefix="lo-", dir="/tmp")).resolve()
    yield root
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``repository`` is a copy of: six calls of git cost more than many a test."""
    path = tmp_path_factory.mktemp("committed")
    (path / "README.md").write_text("hello\n", encoding="utf-8")
    only_its_own_settings = {"PATH": os.environ["PATH"], "HOME": str(path), "GIT_CONFIG_NOSYSTEM": "1"}
    for args in (
        ("init", "--quiet", "--initial-branch=main"),
        ("config", "user.name", "Test"),
        ("config", "user.email", "test@example.invalid"),
        ("add", "--all"),
        ("commit", "--quiet", "--message=start"),
    ):
        subprocess.run(["git", *args], cwd=path, check=True, env=only_its_own_settings)
    return path


@pytest.fixture
def repository(short_root: Path, committed: Path) -> Path:
    """A small git repository with one commit."""
    return Path(shutil.copytree(committed, short_root / "project", symlinks=True))


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """A scripted model that nothing is scripted for yet."""
    with ScriptedModel() as model:
        yield model


@pytest.fixture
def claude(short_root: Path, repository: Path) -> Iterator[RealClaude]:
    """The pinned Claude Code client."""
    binary = real_claude.find_claude()
    if binary is None:
        pytest.fail(real_claude.MISSING)
    client = RealClaude(binary, short_root, repository)
    yield client
    client.end()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of the tests' own, for those that leave it running."""
    cluster = Cluster()
    yield cluster
    cluster.end()


@pytest.fixture
def instance(short_root: Path, repository: Path) -> Iterator[Instance]:
    """A daemon of the test's own, started by the first that needs it."""
    instance = Instance(short_root, repository)
    yield instance
    instance.end()


class StartNeovim(Protocol):
    """Starts one more Neovim on the instance's workspace; by default its server is the instance's pipe."""

    def __call__(self, command: Sequence[str] = (), *, timeout_s: float = 10.0) -> Neovim: ...


@pytest.fixture
def neovim(short_root: Path, instance: Instance) -> Iterator[StartNeovim]:
    """As many Neovims as a test asks for; all are closed before the instance ends."""
    binary = real_neovim.find_neovim()
    if binary is None:
        pytest.fail(real_neovim.MISSING)
    with ExitStack() as started:

        def start(command: Sequence[str] = (), *, timeout_s: float = 10.0) -> Neovim:
            editor = Neovim(
                binary,
                Path(tempfile.mkdtemp(prefix="neovim-", dir=short_root)),
                command=command or instance.pipe_command(),
                project=instance.workspace,
                env=instance.env,
                timeout_s=timeout_s,
            )
            started.callback(editor.quit)
            return editor

        yield start
