from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cli.run_logs import KEPT, log_of_new_run

RUN_DATE = date(2009, 5, 4)


def test_name_says_run_date_and_start(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    log = log_of_new_run(tmp_path / "logs", RUN_DATE)
    started = datetime.strptime(log.name, "run-2009-05-04-started-%Y%m%dT%H%M%SZ.log").replace(tzinfo=UTC)
    assert before <= started <= datetime.now(UTC)
    log.write_text("it can be written")


def test_oldest_starts_go_and_other_files_stay(tmp_path: Path) -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    starts = [first + timedelta(hours=number) for number in range(KEPT + 2)]
    # The newest starts are of the oldest run dates.
    logs = [
        tmp_path / f"run-{RUN_DATE - timedelta(days=number)}-started-{start:%Y%m%dT%H%M%SZ}.log"
        for number, start in enumerate(starts)
    ]
    others = [
        tmp_path / name
        for name in (
            "run-2009-05-04.log",
            "run-2009-05-04-started-20200101T000000Z.log.kept",
            "my-run-2009-05-04-started-20200101T000000Z.log",
            "ui.log",
        )
    ]
    for file in (*logs, *others):
        file.touch()
    new = log_of_new_run(tmp_path, RUN_DATE)
    assert new not in logs
    assert set(tmp_path.iterdir()) == {*logs[3:], *others}
