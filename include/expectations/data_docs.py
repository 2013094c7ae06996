"""The Great Expectations site in the lake: where results and their pages lie, and how many of them stay."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import great_expectations as gx
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig
from pyarrow.fs import copy_files
from upath import UPath

# Where Great Expectations looks for `custom_data_docs/styles/`, which it writes into each page.
PLUGINS = Path(__file__).with_name("data_docs_plugins")


@contextmanager
def on_disk(place: UPath) -> Iterator[Path]:
    """Lend the site as a directory on a disk, where Great Expectations builds it.

    One in an object store is copied from there, and what is new, changed or gone is brought back in the end.
    """
    if isinstance(place, Path):
        yield place
        return
    with tempfile.TemporaryDirectory(prefix="data-docs-") as scratch:
        directory = Path(scratch)
        if place.exists():
            copy_files(place.path, scratch, source_filesystem=place.fs.fs)
        before = _versions(directory)
        yield directory
        after = _versions(directory)
        for name in sorted(name for name in after if before.get(name) != after[name]):
            (place / name).write_bytes((directory / name).read_bytes())
        for name in sorted(before.keys() - after.keys()):
            (place / name).unlink(missing_ok=True)


def _versions(directory: Path) -> dict[str, tuple[int, int]]:
    files = ((file, file.stat()) for file in directory.rglob("*") if file.is_file())
    return {str(file.relative_to(directory)): (status.st_mtime_ns, status.st_size) for file, status in files}


def open_context(data_docs: Path) -> EphemeralDataContext:
    """A context of this run alone; suites, results and their pages stay, below `data_docs`, from run to run."""
    in_memory = {"class_name": "InMemoryStoreBackend"}
    config = DataContextConfig(
        config_version=4.0,
        plugins_directory=_escaped(PLUGINS),
        expectations_store_name="expectations_store",
        checkpoint_store_name="checkpoint_store",
        validation_results_store_name="validation_results_store",
        stores={
            "expectations_store": {"class_name": "ExpectationsStore", "store_backend": _files(data_docs / "suites")},
            "checkpoint_store": {"class_name": "CheckpointStore", "store_backend": in_memory},
            "validation_definition_store": {"class_name": "ValidationDefinitionStore", "store_backend": in_memory},
            "validation_results_store": {
                "class_name": "ValidationResultsStore",
                "store_backend": _files(_results(data_docs)),
            },
        },
        data_docs_sites={
            "lake": {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": _files(data_docs),
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            }
        },
        progress_bars=ProgressBarsConfig(globally=False),
        # Nothing about a run leaves the machine.
        analytics_enabled=False,
    )
    return gx.get_context(project_config=config, mode="ephemeral")


def prune(data_docs: Path, suite: str, keep: int) -> None:
    """Remove a suite's oldest results but for so many; the next checkpoint removes the pages of what is gone."""
    # results/<suite>/<name of the run>/<time of the run>/<batch>.json
    by_time = sorted(_results(data_docs).glob(f"{suite}/*/*/"), key=lambda result: result.name)
    for result in by_time[: max(0, len(by_time) - keep)]:
        shutil.rmtree(result)
        if not any(result.parent.iterdir()):
            result.parent.rmdir()


def _results(data_docs: Path) -> Path:
    return data_docs / "results"


def _files(directory: Path) -> dict[str, str]:
    return {"class_name": "TupleFilesystemStoreBackend", "base_directory": _escaped(directory)}


def _escaped(path: Path) -> str:
    r"""A path in which Great Expectations takes no name after a dollar for a variable.

    >>> print(_escaped(Path("/a$b")))
    /a\$b
    """
    return str(path).replace("$", r"\$")
