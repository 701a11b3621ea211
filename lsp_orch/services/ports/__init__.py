"""What the services need of the world; each adapter implements one of these."""

from lsp_orch.services.ports.checks import Checks
from lsp_orch.services.ports.clock import Clock
from lsp_orch.services.ports.contents import Contents
from lsp_orch.services.ports.context_files import ContextFiles
from lsp_orch.services.ports.deaths import Deaths
from lsp_orch.services.ports.fences import Fences
from lsp_orch.services.ports.folders import FolderWatch, Touch, Touched, Watching
from lsp_orch.services.ports.git import FileChange, Git, Standing
from lsp_orch.services.ports.ids import Ids
from lsp_orch.services.ports.inbox import Address, Messenger
from lsp_orch.services.ports.logs import Logs
from lsp_orch.services.ports.notes import NoteFiles, NoteIndex, NoteWatch
from lsp_orch.services.ports.paths import Paths
from lsp_orch.services.ports.processes import Processes
from lsp_orch.services.ports.repositories import Repositories
from lsp_orch.services.ports.secrets_filter import Secrets
from lsp_orch.services.ports.settings import SettingsOf
from lsp_orch.services.ports.shell import ShellWrites
from lsp_orch.services.ports.templates import Templates
from lsp_orch.services.ports.trees import Trees
from lsp_orch.services.ports.worker import Entry, Job, ReadLog, Run, Shelter, Worker

__all__ = [
    "Address",
    "Checks",
    "Clock",
    "Contents",
    "ContextFiles",
    "Deaths",
    "Entry",
    "Fences",
    "FileChange",
    "FolderWatch",
    "Git",
    "Ids",
    "Job",
    "Logs",
    "Messenger",
    "NoteFiles",
    "NoteIndex",
    "NoteWatch",
    "Paths",
    "Processes",
    "ReadLog",
    "Repositories",
    "Run",
    "Secrets",
    "SettingsOf",
    "ShellWrites",
    "Shelter",
    "Standing",
    "Templates",
    "Touch",
    "Touched",
    "Trees",
    "Watching",
    "Worker",
]
