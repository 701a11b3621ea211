"""Templates as Markdown with YAML front matter: ours in the package, and a folder of the user's."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lsp_orch.adapters.front_matter import UnreadableError, parse, split
from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.template import Kind, Shelf, Template, check, refuse

OURS = Path(__file__).parent.parent / "templates"
LARGEST = 64 * 1024  # bytes of one file

_LISTS, _TEXTS, _YES = {"tools", "stages"}, {"about"}, {"writes"}


class TemplateFiles:
    """The port ``Templates``: ``pipelines/full.md``, ``stages/research.md``, ``roles/security.md``."""

    def shelf(self, folder: str) -> Shelf | Refusal:
        """All templates; read anew each time, for people write them while we run."""
        found: dict[Kind, dict[str, Template]] = {kind: {} for kind in Kind}
        for file, kind in _files(folder):
            template = _read(file, kind)
            if isinstance(template, str):
                return refuse(f"{file}: {template}")
            found[kind][template.name] = template
        return Shelf(of=found)


def _files(folder: str) -> Iterator[tuple[Path, Kind]]:
    for top in (OURS, *([Path(folder).expanduser()] if folder else [])):
        for kind in Kind:
            yield from ((file, kind) for file in sorted((top / kind.value).glob("*.md")))


def _read(file: Path, kind: Kind) -> Template | str:
    """The template, or what is wrong with it."""
    try:
        if not file.is_file() or file.stat().st_size > LARGEST:
            return f"it is no file of at most {LARGEST} bytes"
        document = split(file.read_text(encoding="utf-8"))
        if document is None:
            return "it does not begin with front matter, the lines between --- and ---"
        front, lines = parse(document)
    except UnreadableError as error:
        return f"line {error.line}: {error}"
    except (OSError, UnicodeDecodeError) as error:
        return f"it cannot be read: {error}"
    if fault := _fault(front, lines):
        return fault
    template = Template(
        kind=kind,
        name=file.stem,
        about=front.get("about", ""),
        text=document.body.strip(),
        tools=tuple(front.get("tools", ())),
        stages=tuple(front.get("stages", ())),
        writes=front.get("writes", True),
    )
    return check(template) or template


def _fault(front: Mapping[str, Any], lines: Mapping[str, int]) -> str:
    for key, value in front.items():
        if key not in _LISTS | _TEXTS | _YES:
            return f"line {lines[key]}: there is no key {key}"
        if key in _TEXTS and not isinstance(value, str):
            return f"line {lines[key]}: {key} must be a text"
        if key in _YES and not isinstance(value, bool):
            return f"line {lines[key]}: {key} must be true or false"
        if key in _LISTS and not _is_list(value):
            return f"line {lines[key]}: {key} must be a list of names"
    return ""


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
