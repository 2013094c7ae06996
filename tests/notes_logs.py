"""Hypothesis strategies for small notes logs that crowd around the rules' boundaries: rows by kind.

Few users, pages, versions and instants, so that things collide. `notes_files.py` writes the rows as files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

from hypothesis import strategies as st

from tests.notes_model.activity import monday_of
from tests.notes_model.rows import ACTIONS, DEVICES, SUBSCRIPTIONS, Interaction, User

# A Sunday, the last one of its month: a week and a month are over with it, and others begin on the day after it.
RUN_DATE = date(2024, 6, 30)
# One within its week and month, and the first of a month after a leap day.
RUN_DATES = [RUN_DATE, date(2024, 5, 10), date(2024, 3, 1)]
DAY, MILLISECOND, GAP = timedelta(days=1), timedelta(milliseconds=1), timedelta(minutes=30)
MINUTES = 60_000

# From an interaction to the next: one instant, one session or two, an hour, a day.
PAUSES = [
    timedelta(0),
    timedelta(0),
    MILLISECOND,
    timedelta(minutes=5),
    GAP,
    GAP + MILLISECOND,
    timedelta(hours=1),
    DAY,
    7 * DAY,
]
# None, nothing, up to the next interaction, just past it, into the next session, more than eight hours, a day.
DURATIONS = [
    None,
    None,
    0,
    1,
    5 * MINUTES,
    5 * MINUTES + 1,
    30 * MINUTES,
    30 * MINUTES + 1,
    480 * MINUTES,
    480 * MINUTES + 1,
    1440 * MINUTES,
]
LOADS = [None, 0, 1, 7, 7, 250, 600_000]
PAGES = ["home", 'a,"b"', "c\r\nd", "e\nf\n", " g\\", "\u3000h\u2028"]
VERSIONS = ["1.9.0", "1.10.0", "0.10.9"]
# One of them is rare in most logs, and one is known of nobody.
COUNTRIES = ["DE", "DE", "FR", "US"]
YEARS = [2005, 2015, 2015, 2024]


@dataclass
class NotesLog:
    """The accepted rows of a log, in no particular order: no two are equal, and no user has two records."""

    interactions: list[Interaction] = field(default_factory=list)
    users: list[User] = field(default_factory=list)

    def __add__(self, other: NotesLog) -> NotesLog:
        return NotesLog(self.interactions + other.interactions, self.users + other.users)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def starts(run_date: date) -> list[datetime]:
    """Return first instants: those at which a window, a week, a month or the run date begins, and just before them."""
    monday = monday_of(run_date)
    days = [
        run_date + DAY,
        run_date,
        run_date - 6 * DAY,
        run_date - 27 * DAY,
        run_date.replace(day=1),
        monday,
        monday - 7 * DAY,
        monday - 26 * 7 * DAY,
        monday - 27 * 7 * DAY,
    ]
    return [midnight(day) - early for day in days for early in (timedelta(0), MILLISECOND)]


@st.composite
def notes_logs(draw: st.DrawFn, teams: int = 1, run_date: date = RUN_DATE) -> NotesLog:
    """A few users of as many teams as asked for, and at times a crowd: many small logs cost one run of Spark."""
    log = draw(crowds(run_date)) if draw(st.booleans()) else NotesLog()
    for team in range(teams):
        log += draw(_team(team, run_date))
    return log


@st.composite
def _team(draw: st.DrawFn, team: int, run_date: date) -> NotesLog:
    log = NotesLog()
    for number in range(draw(st.integers(0, 4))):
        # A name that needs quotes, a name that only looks like a number, and plain ones.
        user_id = [f'ann,"{team}"', f"{team:03}7", f"caf\u00e9 {team}", f"dan-{team}"][number]
        own = draw(_interactions(user_id, run_date))
        log += NotesLog(own, draw(_record(user_id, own, run_date)))
    return log


@st.composite
def _interactions(draw: st.DrawFn, user_id: str, run_date: date) -> list[Interaction]:
    """One user's interactions, some of them at one instant, the last one at the last that is plausible."""
    moment, last = draw(st.sampled_from(starts(run_date))), midnight(run_date + 2 * DAY) - MILLISECOND
    pauses = draw(st.sampled_from([PAUSES, PAUSES[:3], PAUSES[:6]]))
    found = []
    for _ in range(draw(st.integers(0, 6))):
        found.append(draw(_interaction(user_id, min(moment, last))))
        moment += draw(st.sampled_from(pauses))
    return draw(st.permutations(list(dict.fromkeys(found))))


@st.composite
def _interaction(draw: st.DrawFn, user_id: str, moment: datetime) -> Interaction:
    action = draw(st.sampled_from(ACTIONS))
    return Interaction(
        user_id,
        moment,
        action,
        draw(st.sampled_from(PAGES)),
        draw(st.sampled_from(DURATIONS)),
        draw(st.sampled_from(LOADS)) if action == "page_view" else None,
        draw(st.sampled_from(VERSIONS)),
    )


@st.composite
def _record(draw: st.DrawFn, user_id: str, own: list[Interaction], run_date: date) -> list[User]:
    """The record of a user, who joined about when the interactions begin; of one in five there is none."""
    if draw(st.integers(0, 4)) == 0:
        return []
    first = min((one.occurred_at.date() for one in own), default=run_date)
    joined = draw(st.sampled_from([date(2005, 1, 1), first - DAY, first, min(first + DAY, run_date + DAY)]))
    return [
        User(
            user_id,
            joined,
            draw(st.sampled_from(COUNTRIES)),
            draw(st.sampled_from(DEVICES)),
            draw(st.sampled_from(YEARS)),
            draw(st.sampled_from(SUBSCRIPTIONS)),
        )
    ]


@st.composite
def crowds(draw: st.DrawFn, run_date: date = RUN_DATE) -> NotesLog:
    """A log of so many users, days and load times that the answers have just enough values, or just not.

    20 load times of a day and a version have a p95, 100 a p99; ten users are correlated; 14 days have a deviation; 101
    users have two at the top.
    """
    random, is_level = Random(draw(st.integers(0, 2**16))), draw(st.booleans())
    users = [f"crowd {number}" for number in range(draw(st.sampled_from([4, 5, 9, 10, 11, 100, 101])))]
    days, loads = (
        draw(st.sampled_from([1, 14, 15, 16, 28, 29, 43])),
        draw(st.sampled_from([0, 19, 20, 21, 99, 100, 101])),
    )
    years = [2020] if is_level else range(2005, 2025)
    # Of every seventh nothing is known.
    known = [
        User(one, run_date - 400 * DAY, random.choice(COUNTRIES), device_year=random.choice(years))
        for number, one in enumerate(users)
        if number % 7 != 3
    ]
    log = NotesLog(_views(random, users, loads, run_date), known)
    for back in range(days):
        # All of them on the last day.
        present = users[: 3 if is_level else random.randint(0, 12)] if back else users
        for number, one in enumerate(present):
            moment = midnight(run_date - back * DAY) + random.randrange(24 * 60) * timedelta(minutes=1)
            lasted = random.choice(DURATIONS) if is_level or back else 1 + 1_000 * number
            log.interactions.append(Interaction(one, moment, "edit", "home", lasted))
    return NotesLog(list(dict.fromkeys(log.interactions)), known)


def _views(random: Random, users: list[str], number: int, run_date: date) -> list[Interaction]:
    """So many views of one version on the last day, a fifth of them of another version the day before.

    Of about 20 there are as many on each of 16 days, on some of them one less: the p95 of a day may be missing.
    """
    days = [(VERSIONS[0], 0, number), (VERSIONS[1], 1, number // 5)]
    if number in (20, 21):
        days = [(VERSIONS[back % 2], back, number - random.choice([0, 0, 0, 1])) for back in range(17)]
    found = []
    for version, back, count in days:
        for place in range(count):
            # A millisecond each after the one before, so that none are equal.
            moment = midnight(run_date - back * DAY) + place * MILLISECOND
            load = random.choice([7, 7, 250, random.randrange(3_000)])
            found.append(Interaction(users[place % len(users)], moment, "page_view", "home", None, load, version))
    return found
