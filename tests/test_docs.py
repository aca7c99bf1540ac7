"""Hold the documents to what is there."""

import re
from pathlib import Path

import pytest

from config import Settings

ROOT = Path(__file__).parent.parent
COMPLAINTS = 25

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def complaints() -> list[str]:
    """Return the paragraphs of the complaints, in order, without their numbers."""
    text = (ROOT / "docs/COMPLAINTS.md").read_text()
    parts = re.split(r"^(\d+)\. ", text, flags=re.MULTILINE)[1:]
    assert parts[::2] == [str(number) for number in range(1, COMPLAINTS + 1)]
    return parts[1::2]


def anchor(heading: str) -> str:
    """Return what a heading is linked by, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors(document: Path) -> set[str]:
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)}


def test_every_complaint_has_a_test_or_an_honest_answer() -> None:
    for complaint in complaints():
        assert "::test_" in complaint or "*Not yet.*" in complaint, complaint


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", (ROOT / "docs/COMPLAINTS.md").read_text())
    missing = [
        f"{file}::{name}"
        for file, name in named
        if f"def {name}(" not in (ROOT / "tests" / file).read_text()
    ]
    assert len(named) > COMPLAINTS
    assert missing == []


def test_every_setting_has_its_row_and_no_row_is_left_over() -> None:
    text = (ROOT / "docs/settings.md").read_text()
    cells = re.findall(r"^\| ((?:`[A-Z_]+`(?:, )?)+) \|", text, flags=re.MULTILINE)
    listed = [name for cell in cells for name in re.findall(r"`([A-Z_]+)`", cell)]
    assert sorted(listed) == sorted(Settings.model_fields)


def test_the_readme_names_only_settings_that_there_are() -> None:
    named = re.findall(r"`([A-Z]+_[A-Z_]*[A-Z])`", (ROOT / "README.md").read_text())
    assert set(named) <= set(Settings.model_fields)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if re.match(r"https?://", target):
            continue
        name, _, fragment = target.partition("#")
        place = (document.parent / name) if name else document
        assert place.exists(), f"{target} leads nowhere"
        assert not fragment or fragment in anchors(place), f"there is no {target}"
