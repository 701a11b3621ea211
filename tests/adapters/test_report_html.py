"""The page of a report: one file, well formed, and nothing in it is obeyed."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

from lsp_orch.adapters.report_html import page
from lsp_orch.domain.timeline import report
from tests.fixtures.timelines import HISTORY, NOW, STORIES, run

GOLDEN = Path(__file__).parent / "golden" / "report.html"
EVIL = "</title><script>alert(1)</script>\"'&<img src=x onerror=y>"


def parsed(text: str) -> ET.Element:
    doctype, _, rest = text.partition("\n")
    assert doctype == "<!doctype html>"
    return ET.fromstring(rest)  # noqa: S314 - we have just written it


def named(tree: ET.Element, name: str) -> list[ET.Element]:
    return [each for each in tree.iter() if each.tag.rpartition("}")[2] == name]


def test_a_fixed_history_makes_this_very_page() -> None:
    assert page(report(HISTORY, STORIES, 0, NOW)) == GOLDEN.read_text(encoding="utf-8")


def test_each_run_is_a_bar_with_its_words() -> None:
    tree = parsed(page(report(HISTORY, STORIES, 0, NOW)))
    bars = [each for each in named(tree, "rect") if len(each)]
    assert len(bars) == len(HISTORY)
    titles = [named(each, "title")[0].text or "" for each in bars]
    assert titles[1] == "do b (b, attempt 1, haiku: mechanical work) done"
    assert [each.get("class") for each in bars] == ["good", "good", "bad", "free", "good", "runs"]
    assert all(float(each.get("x", "-1")) >= 0 and float(each.get("width", "0")) > 0 for each in bars)


def test_no_text_becomes_part_of_the_page() -> None:
    evil = run(EVIL, 0, 10, title=EVIL, model=EVIL, why_model=EVIL)
    text = page(report([evil], [replace(STORIES[-1], pruned_why=EVIL, state=EVIL)], 0, NOW))
    tree = parsed(text)
    assert not named(tree, "script")
    assert not named(tree, "img")
    assert "<script" not in text
    assert EVIL in [each.text for each in named(tree, "td")]
    assert not [name for each in tree.iter() for name in each.attrib if name.startswith("on")]


def test_nothing_is_loaded_from_anywhere() -> None:
    text = page(report(HISTORY, STORIES, 0, NOW))
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"url\(|@import|src=|href=", text)


def test_of_nothing_it_says_that_nothing_is_known() -> None:
    text = page(report((), (), 0, NOW))
    parsed(text)
    assert "Nothing ran." in text
    assert "unknown of 0 reviewed" in text
    assert ">0 min" not in text


def test_what_has_only_just_begun_is_still_to_be_seen() -> None:
    tree = parsed(page(report([run("a", NOW, None, "")], (), 0, NOW)))
    [bar] = [each for each in named(tree, "rect") if len(each)]
    assert float(bar.get("width", "0")) >= 1
