"""What the servers of all editors share, made once in a process."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from json import JSONEncoder
from typing import Any

from cattrs import Converter
from lsprotocol import converters


@cache
def converter() -> Converter:
    """Make the converter of LSP's types; building its hooks is what a first ``initialize`` waits for."""
    return converters.get_converter()


@cache
def encoder() -> Callable[[Any], str]:
    """Make what turns plain JSON values, and LSP's types among them, into compact JSON in ASCII."""
    return JSONEncoder(separators=(",", ":"), default=converter().unstructure).encode


@cache
def pool() -> ThreadPoolExecutor:
    """Make the pool; its threads start when they are first needed."""
    return ThreadPoolExecutor(thread_name_prefix="editor")
