"""Who would wait for themselves: tasks for tasks, holders for holders."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def cycle(
    waiter: Node, after: Iterable[Node], waits_for: Callable[[Node], Iterable[Node]]
) -> tuple[Node, ...]:
    """The cycle that would close if ``waiter`` waited for ``after``: from the waiter back to it, or ``()``.

    ``waits_for`` gives what somebody waits for already.
    """
    came_from: dict[Node, Node] = {}
    open_ends = [(each, waiter) for each in after]
    while open_ends:
        here, before = open_ends.pop()
        if here in came_from:
            continue
        came_from[here] = before
        if here == waiter:
            return _path(waiter, came_from)
        open_ends.extend((each, here) for each in waits_for(here))
    return ()


def _path(waiter: Node, came_from: Mapping[Node, Node]) -> tuple[Node, ...]:
    path = [waiter]
    here = came_from[waiter]
    while here != waiter:
        path.append(here)
        here = came_from[here]
    return (waiter, *reversed(path))
