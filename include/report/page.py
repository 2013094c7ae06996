"""What the pages of all reports share: their templates, and the sections on trust, on what was new and on costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, Template, select_autoescape
from jinja2.filters import do_filesizeformat

from include.deployment.run_date import last_days
from include.report import news, text
from include.report.model import Added, ParameterValue, ReasonCount, RunReport, StageCosts, WarningCount
from include.report.picture import Picture
from include.report.stages_picture import stages_picture
from include.report.text import Nouns

# In the page; the JSON has all of them. Files with rejected records come first.
FILES_SHOWN, FILES_NAMED, REASONS_OPEN = 20, 5, 5
SPARK_HEADS = ("Seconds", "Tasks", "Input read", "Shuffled", "Spilled", "Garbage collection", "Slowest task / median")
NONE = "\N{EN DASH}"


def template_of(log: str, name: str, **shown: int) -> Template:
    """Return a template of a log's own, or else of all reports; `shown`: how many of some things a page shows."""
    templates = Environment(
        loader=ChoiceLoader([PackageLoader(f"include.report.{log}"), PackageLoader("include.report")]),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    templates.filters |= {
        "one_line": text.one_line,
        "markdown": text.in_markdown,
        "day": text.day,
        "counted": text.counted,
        "last_days": last_days,
        "value": _value,
        "iso": _iso,
    }
    templates.globals |= {"FILES_NAMED": FILES_NAMED, "REASONS_OPEN": REASONS_OPEN, **shown}
    return templates.get_template(name)


@dataclass(frozen=True)
class OfKind:
    """The records of a kind by reason or warning: its name, what it says in a sentence, and how many there are."""

    kind: str
    rows: list[tuple[str, str, int]]

    @property
    def counts(self) -> list[tuple[str, int]]:
        """The rows without the sentences."""
        return [(name, records) for name, _, records in self.rows]


@dataclass(frozen=True)
class CommonParts:
    """What the templates of all reports show beside the fields of the report: sentences, and rows of tables."""

    nouns: Nouns
    pictures: dict[str, Picture]
    news: list[str]
    new_rows: list[tuple[str, int]]
    late_rows: list[tuple[str, int]]
    has_several_kinds: bool
    duplicates_warned: bool
    rejected_tables: list[OfKind]
    warning_tables: list[OfKind]
    check_rows: list[tuple[str, str]]
    file_rows: list[tuple[str, int, int, int]]
    spark_heads: tuple[str, ...]
    spark_rows: list[tuple[str, ...]]
    parameter_rows: list[tuple[str, str]]


def common_parts(
    report: RunReport, nouns: Nouns, pictures: Sequence[Picture] = (), *, duplicates_warned: bool = False
) -> CommonParts:
    """Return what the sections on trust, on what was new and on costs show, in the nouns of a log.

    A log's own `pictures` are beside that of the stages; those with nothing to show are left out. `duplicates_warned`:
    the log's duplicates have warnings, too.
    """
    files = sorted(report.files, key=lambda file: -file.records_rejected)[:FILES_SHOWN]
    return CommonParts(
        nouns=nouns,
        pictures={one.name: one for one in (*pictures, stages_picture(report)) if len(one.table) > 1},
        news=news.sentences(report, nouns),
        new_rows=_new_rows(report.new, nouns),
        late_rows=_late_rows(report.new),
        has_several_kinds=_has_several_kinds(report),
        duplicates_warned=duplicates_warned,
        rejected_tables=_by_kind(report, report.rejected),
        warning_tables=_by_kind(report, report.warnings),
        check_rows=[(name, f"{check.met} of {check.expectations}") for name, check in report.checks.items()],
        file_rows=[(file.file, file.records_read, file.events_accepted, file.records_rejected) for file in files],
        spark_heads=("What Spark measured", *SPARK_HEADS),
        spark_rows=[(stage, *spark_row(costs)) for stage, costs in report.spark.items()],
        parameter_rows=[(name, _value(value)) for name, value in report.parameters.items()],
    )


def spark_row(costs: StageCosts) -> list[str]:
    """Return a stage's costs as text, under SPARK_HEADS; a dash where there is nothing to tell."""
    # The first is the Spark stage with the most work; a single task is no slower than another.
    of_many = next((stage for stage in costs.slowest_stages if stage.tasks > 1), None)
    return [
        f"{costs.seconds:.1f}",
        f"{costs.tasks:,}",
        _read(costs),
        do_filesizeformat(costs.shuffle_bytes_written),
        do_filesizeformat(costs.spilled_disk_bytes),
        f"{costs.gc_share:.1%}",
        f"{of_many.slowest_task_seconds:.1f} s / {of_many.median_task_seconds:.1f} s" if of_many else NONE,
    ]


def _read(costs: StageCosts) -> str:
    if costs.log_share is not None:
        return f"{costs.log_share:.1%}"
    return NONE if costs.input_reads is None else f"{costs.input_reads:.2f} \N{MULTIPLICATION SIGN}"


def _has_several_kinds(report: RunReport) -> bool:
    return len({one.kind for one in report.rejected} | {one.kind for one in report.warnings}) > 1


def _by_kind(report: RunReport, counts: Sequence[ReasonCount] | Sequence[WarningCount]) -> list[OfKind]:
    """The counts of each kind that has any; of a log with several kinds those that are not 0, the largest first."""
    shown = list[ReasonCount | WarningCount](counts)
    if _has_several_kinds(report):
        shown = sorted((one for one in counts if one.records), key=lambda one: -one.records)
    kinds = [kind for kind in dict.fromkeys(one.kind for one in counts) if any(one.kind == kind for one in shown)]
    return [
        OfKind(kind, [(one.name, one.sentence, one.records) for one in shown if one.kind == kind]) for kind in kinds
    ]


def _new_rows(new: Added | None, nouns: Nouns) -> list[tuple[str, int]]:
    """What a day that added something has added."""
    if not new or not new.events_added:
        return []
    events, records = f"{nouns.event.capitalize()}s", f"{nouns.record.capitalize()}s"
    found = [
        (f"{events} added", new.events_added),
        (f"{events} added late", new.late.events),
        (f"{records} rejected as duplicates", new.duplicates_rejected),
    ]
    if new.sessions and new.users_first_seen is not None:
        found += [
            ("Sessions opened", new.sessions.opened),
            ("Sessions extended", new.sessions.extended),
            ("Sessions joined from several", new.sessions.joined),
            ("Users first seen", new.users_first_seen),
        ]
    return found


def _late_rows(new: Added | None) -> list[tuple[str, int]]:
    if not new or not new.late.events:
        return []
    return [(words, getattr(new.late, name)) for name, words in news.LATE.items()]


def _value(value: ParameterValue) -> str:
    """The value of a parameter."""
    return "none" if value is None else str(value)


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
