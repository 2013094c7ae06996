"""What the report says in sentences, beside the pictures and in a chat."""

from __future__ import annotations

import pytest

from include.report.shop.model import Funnel, Step
from include.report.shop.sentences import funnel_says
from spark_jobs.conversion.steps import STEPS


def funnel(*reached: int) -> Funnel:
    before = (None, *reached)
    steps = [
        Step(
            event_type=name,
            reached=count,
            rate_from_previous=count / earlier if earlier else None,
            rate_from_first=count / reached[0] if reached[0] else None,
            median_seconds=None,
        )
        for name, count, earlier in zip(STEPS, reached, before, strict=False)
    ]
    return Funnel(scope="user", segment_kind="all", segment="all", steps=tuple(steps))


@pytest.mark.parametrize(
    ("reached", "sentences"),
    [
        pytest.param(
            (1000, 900, 300, 200, 200),
            "The biggest loss is between Product view and Add to cart: 66.7% (600 of 900) go no further. "
            "200 of 1,000 users (20.0%) go through all steps in this order.",
            id="largest part",
        ),
        pytest.param(
            (8, 4, 2, 2, 1),
            "The biggest loss is between Page view and Product view: 50.0% (4 of 8) go no further. "
            "1 of 8 users (12.5%) goes through all steps in this order.",
            id="first of equal ones",
        ),
        pytest.param(
            (3, 2, 0, 0, 0),
            "The biggest loss is between Product view and Add to cart: 100.0% (2 of 2) go no further. "
            "0 of 3 users (0.0%) go through all steps in this order.",
            id="nobody buys",
        ),
        pytest.param((1,) * 5, "1 of 1 user (100.0%) goes through all steps in this order.", id="no loss"),
    ],
)
def test_funnel_tells_its_biggest_loss(reached: tuple[int, ...], sentences: str) -> None:
    assert funnel_says(funnel(*reached)) == sentences
