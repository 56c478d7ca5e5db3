"""The page of a comparison: whole without network and script, and nothing in it unescaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from engine.comparison.candidates import Candidate
from engine.comparison.ranking import ranked_rows
from engine.comparison.result import Comparison, NotMeasured
from engine.comparison.split import Split
from tests.engine.comparison.measured_candidates import dataset_of, measured_of
from tests.small_parts import small_recipe
from workstation.cli.comparison.elements import element, joined
from workstation.cli.comparison.page import comparison_page
from workstation.cli.comparison.plots import interval_plot, latency_plot
from workstation.cli.comparison.running import Plan

NASTY = '<script>alert("1")</script> & "part"'


class Page(HTMLParser):
    """Checks that elements close in order, and keeps the text."""

    EMPTY = ("img", "meta")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def comparison(n: int = 4, *, drawn: bool = False) -> Comparison:
    dataset = dataset_of(20, 20)
    noise = np.random.default_rng(0).normal(0, 1, (n, 40))
    measured = [
        (
            f"{NASTY} {number}",
            f"key{number}",
            measured_of(
                list(noise[number] + (np.arange(40) >= 20) * (1 + number)),
                dataset,
                latency_ms=8.0 + number,
            ),
        )
        for number in range(n)
    ]
    split = Split(dataset, "abc123", drawn=drawn, remarks=("Damage was drawn.",) if drawn else ())
    missing = (NotMeasured("SPADE", f"It needs {NASTY}."),)
    return Comparison(split, ranked_rows(measured, dataset), missing)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    candidate = Candidate(small_recipe(), "gabor")
    return Plan(tmp_path / NASTY[1:6], tmp_path / "out", [candidate], "cpu", None, 0)


def test_the_page_is_whole_in_itself_and_escapes_everything(plan: Plan) -> None:
    found = comparison()
    html = comparison_page(found, plan)
    page = Page(html)
    assert "script" not in page.seen
    assert page.seen.count("svg") == 2
    assert not [it for it in page.addresses if not it.startswith("data:")]
    assert "@import" not in html and "url(" not in html
    assert found.conclusion in page.text
    assert f"It needs {NASTY}." in page.text
    for row in found.rows:
        assert row.name in page.text


def test_drawn_defects_are_said_in_the_first_sentence_and_in_a_warning(plan: Plan) -> None:
    html = comparison_page(comparison(drawn=True), plan)
    assert 'class="conclusion">On drawn defects ' in html
    assert '<p class="warning">Damage was drawn.</p>' in html


def test_the_best_can_be_fitted_by_the_command_on_the_page(plan: Plan) -> None:
    text = Page(comparison_page(comparison(), plan)).text
    assert (
        "loupe fit --images FOLDER --method patchcore --backbone gabor --size 64 "
        "--set coreset=0.25" in text
    )


@pytest.mark.parametrize("n", [1, 2, 18])
def test_drawings_keep_inside_their_frame_and_names_apart(n: int) -> None:
    rows = comparison(n).rows
    for drawing in (interval_plot(rows), latency_plot(rows)):
        svg = ElementTree.fromstring(drawing)
        width, height = map(float, svg.attrib["viewBox"].split()[2:])
        for it in svg.iter():
            for name in ("x", "x1", "x2", "cx"):
                assert 0 <= float(it.attrib.get(name, 0)) <= width
            for name in ("y", "y1", "y2", "cy"):
                assert 0 <= float(it.attrib.get(name, 0)) <= height
        names = [it for it in svg.iter() if it.text and it.text.startswith(NASTY)]
        assert len(names) == n
        heights = sorted(float(it.attrib["y"]) for it in names)
        assert all(np.diff(heights) >= 15)


def test_the_drawing_stands_where_the_figures_say() -> None:
    (row,) = comparison(1).rows
    svg = ElementTree.fromstring(interval_plot([row]))
    space = "{http://www.w3.org/2000/svg}"
    ticks = {
        float(it.text): float(it.attrib["x"])
        for it in svg.iter(f"{space}text")
        if it.text and re.fullmatch(r"\d\.\d\d", it.text)
    }
    (point,) = svg.iter(f"{space}circle")
    assert row.image_auroc is not None
    expected = np.interp(row.image_auroc, list(ticks), list(ticks.values()))
    assert float(point.attrib["cx"]) == pytest.approx(expected, abs=0.2)


def test_elements_escape_text_and_attributes_but_not_one_another() -> None:
    inner = element("b", "<&>")
    outer = element("p", inner, '"', ["a", inner], class_='x" onload="y', stroke_width=1.25)
    assert outer == (
        '<p class="x&quot; onload=&quot;y" stroke-width="1.2">'
        "<b>&lt;&amp;&gt;</b>&quot;a<b>&lt;&amp;&gt;</b></p>"
    )
    assert joined("<", outer) == "&lt;" + outer
