"""The queries that the dashboard and the alerts send to Prometheus."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.conftest import PROJECT

MONITORING = PROJECT / "monitoring"
DASHBOARD = MONITORING / "grafana" / "dashboards" / "pipeline.json"
# Longest first: texts, what is selected by labels, ranges, and the labels of an aggregation name no metric.
NO_METRIC = re.compile(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)')
NAME = re.compile(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()")
OPERATORS = {"and", "or", "unless", "bool", "offset"}


def queries() -> Iterator[str]:
    """Every expression, the dashboard's and the alerts'."""
    for panel in panels():
        yield from (target["expr"] for target in panel.get("targets", ()))
    for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def panels() -> list[dict[str, Any]]:
    return json.loads(DASHBOARD.read_text())["panels"]


def metrics_of(query: str) -> set[str]:
    """The names of the metrics in a query."""
    return set(NAME.findall(NO_METRIC.sub(" ", query))) - OPERATORS


def metrics_asked() -> set[str]:
    return set().union(*map(metrics_of, queries()))
