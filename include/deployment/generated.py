"""Write what contracts and settings say into the files that repeat it, each between two marks.

    python -m include.deployment.generated [--check]

`--check` writes nothing, and exits with 1 and the names of the files that say something else.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import wrap

from pydantic.fields import FieldInfo

from include.deployment.log_settings import PREFIX
from include.deployment.logs import with_a_dag
from include.deployment.settings import PROJECT, variables
from spark_jobs.contract import Reason, Warning
from spark_jobs.shared.logs import contracts

# docker-compose.yaml says where these are.
OF_THE_STACK = ("PIPELINE_LAKE", "PIPELINE_INPUT_ROOT")
WIDTH = 116
BLOCK = re.compile(r"(?<=\n)( *(?:#|<!--) generated: (\w+)[^\n]*\n).*?(\n? *(?:#|<!--) end of what is generated)", re.S)


def settings_of_runs() -> dict[str, FieldInfo]:
    """Return what a deployment may set by hand: of all logs, and of each log that has a DAG."""
    unused = contracts().keys() - {one.name for one in with_a_dag()}
    without = (*OF_THE_STACK, *(f"{PREFIX}{log}_".upper() for log in unused))
    return {name: field for name, field in variables().items() if not name.startswith(without)}


def example() -> Iterator[str]:
    """Yield the lines of `.env.example`: what a setting is, and its default."""
    for name, field in settings_of_runs().items():
        description = field.description or ""
        yield from (f"# {line}" for line in wrap(f"{description[:1].upper()}{description[1:]}.", WIDTH))
        yield f"#{name}={'' if field.default is None else field.default}"


def environment() -> Iterator[str]:
    """Yield the lines of docker-compose.yaml, which hands each setting on where there is one."""
    return (f"    {name}:" for name in settings_of_runs())


def reasons() -> Iterator[str]:
    """Yield the reasons to reject a record, a table for each kind of records."""
    return _tables("reason", "rejects a record when")


def warnings() -> Iterator[str]:
    """Yield the warnings that accepted records are counted for, a table for each kind of records."""
    return _tables("warning", "counts an accepted record when")


def _tables(word: str, heading: str) -> Iterator[str]:
    kinds = [(contract.name, records) for contract in with_a_dag() for records in contract.kinds]
    for number, (log, records) in enumerate(kinds):
        found: tuple[Reason | Warning, ...] = records.reasons if word == "reason" else records.warnings
        yield from [""] * bool(number)
        yield f"| {word} of `{log}.{records.name}` | {heading} |"
        yield "| --- | --- |"
        yield from (f"| `{one.name}` | {one.sentence} |" for one in found)


BLOCKS: dict[str, Callable[[], Iterator[str]]] = {
    "example": example,
    "environment": environment,
    "reasons": reasons,
    "warnings": warnings,
}
FILES = (".env.example", "docker-compose.yaml", "docs/data_quality.md")


def written(text: str) -> str:
    """Return a text whose blocks say what contracts and settings say."""
    return BLOCK.sub(lambda block: f"{block[1]}{chr(10).join(BLOCKS[block[2]]())}\n{block[3].lstrip(chr(10))}", text)


def main(project: Path = PROJECT) -> None:
    """Write the files, or look for those that are not as they would be written."""
    texts = {name: (project / name).read_text(encoding="utf-8") for name in FILES}
    other = {name: new for name, text in texts.items() if (new := written(text)) != text}
    if sys.argv[1:] == ["--check"]:
        if other:
            sys.exit(f"not what contracts and settings say: {', '.join(other)}; write them anew: make format")
        return
    for name, text in other.items():
        (project / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
