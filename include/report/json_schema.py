"""The JSON Schema of each log's `report.json`, made from its model and kept under `docs/schemas/reports/`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from pkgutil import iter_modules

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema

from include import report
from include.report.model import model_of

DIRECTORY = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "reports"
DRAFT = "https://json-schema.org/draft/2020-12/schema"


class _WithoutTitles(GenerateJsonSchema):
    """A title would only repeat a field's name."""

    def field_title_should_be_set(self, schema: CoreSchema) -> bool:
        return False


def text_of(log: str) -> str:
    """Return the text of the schema of a log's report."""
    schema = model_of(log).model_json_schema(mode="serialization", schema_generator=_WithoutTitles)
    return json.dumps({"$schema": DRAFT, "$id": f"{log}/report.schema.json", **schema}, indent=2) + "\n"


def files() -> dict[str, str]:
    """Return what the directory has to hold: the text of every schema, by the name of its file."""
    logs = [module.name for module in iter_modules(report.__path__) if module.ispkg]
    return {f"{log}.schema.json": text_of(log) for log in logs}


def main(directory: Path = DIRECTORY) -> None:
    """Write the schemas; with `--check` only say, with exit code 1, which files are not what the models say."""
    wanted = files()
    found = {path.name: path.read_text() for path in directory.glob("*.json")}
    if sys.argv[1:] != ["--check"]:
        directory.mkdir(exist_ok=True)
        for name in found.keys() - wanted.keys():
            (directory / name).unlink()
        for name, text in wanted.items():
            (directory / name).write_text(text)
    elif found != wanted:
        other = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        sys.exit(f"not what the models say: {', '.join(other)} in {directory}; write them anew: make format")


if __name__ == "__main__":
    main()
