"""The adapters that every part of the daemon shares."""

from dataclasses import dataclass, field

from lsp_orch.adapters.clock import SystemClock
from lsp_orch.adapters.deaths import KernelDeaths
from lsp_orch.adapters.ids import RandomIds
from lsp_orch.adapters.paths import RealPaths
from lsp_orch.adapters.places import Places, places
from lsp_orch.adapters.processes import SystemProcesses
from lsp_orch.services.ports import Clock, Deaths, Ids, Paths, Processes


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Time, chance, paths, processes, and where this daemon keeps its things."""

    clock: Clock = field(default_factory=SystemClock)
    ids: Ids = field(default_factory=RandomIds)
    paths: Paths = field(default_factory=RealPaths)
    processes: Processes = field(default_factory=SystemProcesses)
    deaths: Deaths = field(default_factory=lambda: KernelDeaths(SystemProcesses()))
    places: Places = field(default_factory=places)
