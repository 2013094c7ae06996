"""The JSON Schema of each log's `report.json`, made from its model and kept under `docs/schemas/reports/`."""

from __future__ import annotations

import json
from pathlib import Path
from pkgutil import iter_modules

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema

from include import report
from include.report.model import model_of
from spark_jobs.shared.generated_files import write_or_compare

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
    """Write the schemas of the reports, or compare them."""
    write_or_compare(files(), directory, "models")


if __name__ == "__main__":
    main()
