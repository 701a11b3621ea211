"""Play the demo on a recording terminal and write what it showed as an SVG without foreign fonts."""

import re
import sys
from pathlib import Path

from rich.console import Console

from lsp_orch.demo.run import run
from lsp_orch.demo.show import Show

TARGET = Path(__file__).parents[1] / "vault" / "pictures" / "demo.svg"
_FONT_FACE = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)

# no terminal, or every frame of a spinner would be in the picture
console = Console(record=True, width=150, color_system="truecolor", highlight=False, markup=False)
status = run(live=False, show=Show(console))
if status == 0:
    TARGET.parent.mkdir(exist_ok=True)
    svg = console.export_svg(title="lsp-orch demo", unique_id="demo")
    TARGET.write_text(_FONT_FACE.sub("", svg), encoding="utf-8")
sys.exit(status)
