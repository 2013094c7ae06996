"""The pages as a whole: links, commands and variables that a page names are there."""

from __future__ import annotations

import re

import pytest

from cli.run_pipeline import VARIABLES
from include.deployment import parameters
from tests.conftest import PROJECT

PAGES = {
    str(page.relative_to(PROJECT)): page.read_text(encoding="utf-8")
    for page in sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")])
}
LINES_OF_README = 130


def without_blocks(page: str) -> str:
    """A page without its fenced blocks, in which `#` begins a comment."""
    return re.sub(r"^```.*?^```$", "", page, flags=re.M | re.S)


def anchors(page: str) -> set[str]:
    """The names that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", without_blocks(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: str) -> list[str]:
    """The links of a page, and the sources of its pictures, that stay within the project."""
    found = re.findall(r'\]\(\s*([^)\s]+)\)|src="([^"]+)"', without_blocks(page))
    return [link for pair in found for link in pair if link and "://" not in link]


def leads_somewhere(link: str, name: str) -> bool:
    path, _, anchor = link.partition("#")
    target = ((PROJECT / name).parent / path).resolve() if path else PROJECT / name
    if not anchor or not target.is_relative_to(PROJECT):
        return target.is_relative_to(PROJECT) and target.exists()
    return anchor in anchors(PAGES.get(str(target.relative_to(PROJECT)), ""))


def test_names_of_headings_are_githubs() -> None:
    page = "# Check_listens: critical\n```\n# no heading\n```\n## How *sure* is `it`?\n"
    assert anchors(page) == {"check_listens-critical", "how-sure-is-it"}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    assert [link for link in links(PAGES[name]) if not leads_somewhere(link, name)] == []


def test_links_are_found_in_text_and_pictures() -> None:
    found = links(PAGES["README.md"])
    assert {"docs/report.png", "docs/operations.md#the-compose-stack", "LICENSE"} <= set(found)


# The changelog names targets that are gone.
@pytest.mark.parametrize("name", [name for name in PAGES if "make " in PAGES[name] and name != "CHANGELOG.md"])
def test_every_make_target_named_exists(name: str) -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", PAGES[name], re.M))
    assert named - set(re.findall(r"^([a-z-]+):", makefile, re.M)) == set()


def test_readme_is_short() -> None:
    assert len(PAGES["README.md"].splitlines()) <= LINES_OF_README


def test_parameters_page_has_every_variable_and_default() -> None:
    listed = dict(re.findall(r"^\| `([A-Z_]+)` \|.*\| ([^|]+) \|$", PAGES["docs/parameters.md"], re.M))
    assert listed.keys() == {"INPUT", "LAKE", "RUN_DATE", "PROFILES", *VARIABLES}
    typed = {"None": "all", "True": "yes", "False": "no"}
    defaults = {
        name: str(parameters.schemas("listening")[parameter]["default"]) for name, parameter in VARIABLES.items()
    }
    assert {name: listed[name].strip("`") for name in VARIABLES} == {
        name: typed.get(default, default.removesuffix(".0")) for name, default in defaults.items()
    }


def test_every_parameter_is_on_its_page() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PAGES["docs/parameters.md"]))
    assert parameters.schemas("listening").keys() - named == set()


SOURCES = [path.relative_to(PROJECT).as_posix() for path in PROJECT.glob("[a-z]*/**/*.py")]


def is_a_source(name: str) -> bool:
    """Is there a file of this path, or of one that ends so?"""
    return any(f"/{path}".endswith(f"/{name}") for path in SOURCES)


@pytest.mark.parametrize("name", PAGES)
def test_every_python_file_named_exists(name: str) -> None:
    named = re.findall(r"`([\w/]+\.py)\b", PAGES[name])
    assert [path for path in named if not is_a_source(path)] == []


def test_every_task_is_in_the_listens_way() -> None:
    chain = re.search(r"^check_input → [^`]+", PAGES["README.md"], re.M)[0]  # type: ignore[index]
    way = PAGES["docs/architecture.md"].partition("## Layout")[0].partition("| stage |")[0]
    assert re.findall(r"^\| `(\w+)` \|", way, re.M) == re.findall(r"\w+", chain)
