"""What commands do to a page of results."""

from pathlib import Path

import pytest

from engine_service.page import write_between_marks

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def test_only_what_stands_between_the_marks_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_between_marks(page, "bench", "new")
    assert page.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


def test_a_page_without_marks_is_refused_and_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    page.write_text("all mine")
    with pytest.raises(ValueError, match=r"results\.md has no lines"):
        write_between_marks(page, "bench", "new")
    assert page.read_text() == "all mine"
