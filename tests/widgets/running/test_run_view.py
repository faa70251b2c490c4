"""What a person sees of a run."""

import math
from pathlib import Path

import numpy as np
import pytest
from fakes import snapshot
from qtpy.QtCore import Qt

from napari_labelfix import methods
from napari_labelfix.snapshots import Ranking, Snapshot
from napari_labelfix.widgets.running.metric_words import METRICS
from napari_labelfix.widgets.running.ranking_plot import RankingPlot
from napari_labelfix.widgets.running.run_view import RunView, TimeLeft, in_words
from napari_labelfix.widgets.running.small_plot import SmallPlot


@pytest.fixture
def view(qtbot):
    view = RunView()
    qtbot.addWidget(view)
    view.show()
    return view


def told_in_words(view):
    return view.plot.words.text().replace("\N{NO-BREAK SPACE}", " ")


def test_only_what_can_be_pressed_is_enabled(view):
    assert (view.run_button.isEnabled(), view.stop_button.isEnabled()) == (True, False)
    view.set_running(True)
    assert (view.run_button.isEnabled(), view.stop_button.isEnabled()) == (False, True)


def test_buttons_carry_their_key_and_leave_the_keyboard_to_the_canvas(view):
    for button, text in [(view.run_button, "Run [G]"), (view.stop_button, "Stop [G]")]:
        assert button.text() == text
        assert "Key: G" in button.toolTip()
        assert not button.focusPolicy() & Qt.FocusPolicy.ClickFocus


def test_there_is_no_empty_bar_before_the_first_run(view):
    assert not view.progress.isVisible()
    assert not view.plot.isVisible()


def test_stage_progress_and_numbers_of_the_newest_snapshot_are_shown(view):
    view.show_started()
    assert view.progress.maximum() == 0, "a bar that only says that something happens"
    view.show_snapshots([snapshot(1, {}), snapshot(4, {}, stage="own labels")])
    assert view.progress.text().startswith("own labels")
    assert (view.progress.value(), view.progress.maximum()) == (4, 10)
    assert view.plot.points("loss") == ([1, 4], [0.5, 0.2])
    assert view.plot.points("confident") == ([1, 4], [0.1, 0.4])


def test_of_the_time_left_as_much_is_said_as_there_is_room_for(view, monkeypatch):
    view.show_started()
    monkeypatch.setattr(view._remaining, "seconds", lambda _total: 120)
    view.show_snapshots([snapshot(4, {}, stage="own labels")])
    text = "own labels · about 2 min left"
    needed = view.progress.fontMetrics().horizontalAdvance(text)
    for width, told in (needed + 9, text), (needed - 1, "own labels · 2 min left"), (20, "own labels"):
        view.progress.setFixedWidth(width)
        assert view.progress.format() == told
        assert view.progress.toolTip() == text
    view.show_ended("stopped")
    view.progress.setFixedWidth(needed + 9)
    assert view.progress.format() == "stopped"


def test_a_new_run_starts_with_empty_curves(view):
    view.show_started()
    view.show_snapshots([snapshot(1, {})])
    view.show_started()
    assert view.plot.points("loss") == ([], [])


def test_numbers_that_come_seldom_are_told_in_words_and_others_get_a_curve(view):
    view.show_started()
    view.show_snapshots([Snapshot("classifier", 1, 10, {"prior": 0.25})])
    view.show_snapshots([Snapshot("training", step, 10, {"loss": 1 / step}) for step in range(1, 6)])
    view.show_snapshots([Snapshot("classifier", 6, 10, {"prior": 0.5})])
    assert view.plot.words.isVisible()
    assert told_in_words(view) == "cells among the rest 50%"
    assert "class prior" in view.plot.words.toolTip()
    assert [panel.title.text for panel in view.plot.findChildren(SmallPlot)] == ["loss 0.2"]
    view.show_started()
    assert not view.plot.words.isVisible()


def test_a_ranking_is_shown_until_the_next_run(view):
    view.show_started()
    scores = np.linspace(2, -1, 9, dtype=np.float32)
    chosen = {"pseudo-positive": np.array([0, 1]), "pseudo-negative": np.array([6, 7, 8])}
    view.show_snapshots([Snapshot("ranking", 1, 10, ranking=Ranking(scores, chosen))])
    (plot,) = view.plot.findChildren(RankingPlot)
    assert plot.isVisible()
    assert plot.title.text == "2 pseudo-positive, 3 pseudo-negative"
    view.resize(view.fontMetrics().horizontalAdvance("chosen now: 2 pseudo-posi"), view.height())
    assert plot.title.shown.startswith("2 pseudo-pos"), "too long, it is cut off at its end and not on both sides"
    assert plot.title.shown.endswith("…")
    assert "2 pseudo-positive, 3 pseudo-negative" in plot.toolTip()
    drawn = {tuple(item.getData()[0]) for item in plot.plot.listDataItems() if item.name() is None}
    assert tuple(range(9)) in drawn
    view.show_snapshots([Snapshot("ranking", 2, 10, ranking=Ranking(scores[:5], {"pseudo-positive": np.array([0])}))])
    assert plot.title.text == "1 pseudo-positive of 5"
    view.show_started()
    assert not plot.isVisible()


def test_a_message_of_the_method_stays_until_the_next_run(view):
    view.show_started()
    view.show_snapshots([Snapshot("warm-up", 1, 10, message="No pretrained weights.")])
    view.show_snapshots([Snapshot("warm-up", 2, 10)])
    assert view.note.isVisible()
    assert view.note.text() == "No pretrained weights."
    view.show_started()
    assert not view.note.isVisible()


def test_a_remark_on_what_a_run_was_given_stays_beside_its_messages(view):
    view.show_started("Some pixels are taken as empty.")
    assert view.note.isVisible()
    assert view.note.text() == "Some pixels are taken as empty."
    view.show_snapshots([Snapshot("warm-up", 1, 10, message="No pretrained weights.")])
    assert view.note.text() == "Some pixels are taken as empty. No pretrained weights."
    view.show_started()
    assert not view.note.isVisible()


@pytest.mark.parametrize("total", [0, 3])
def test_a_strange_total_does_not_break_the_bar(view, total):
    view.show_started()
    view.show_snapshots([Snapshot("warm-up", 5, total)])
    assert view.progress.value() <= view.progress.maximum()
    assert view.progress.maximum() > 0


def test_the_end_is_told_and_the_waiting_bar_ends(view):
    view.show_started()
    view.show_ended("stopped")
    assert view.progress.text() == "stopped"
    assert view.progress.maximum() > 0


def test_long_curves_are_thinned_but_keep_their_end(view):
    view.show_started()
    for step in range(5000):
        view.plot.add(step, {"loss": float(step)})
    steps, values = view.plot.points("loss")
    assert len(steps) <= 2001
    assert steps[-1] == values[-1] == 4999


def test_numbers_that_are_not_finite_do_not_break_the_plot(view):
    view.plot.add(1, {"loss": math.nan})
    view.plot.add(2, {"loss": 0.5})
    view.plot.redraw()


def test_time_left_follows_the_pace_of_the_last_moments():
    left = TimeLeft(window=3)
    assert left.seconds(100) is None
    left.add(0, 0.0)
    assert left.seconds(100) is None
    left.add(10, 100.0)
    assert left.seconds(100) == 900
    left.add(10, 150.0)  # the same step again says nothing about the pace
    left.add(20, 110.0)
    left.add(30, 120.0)
    assert left.seconds(100) == 70
    assert left.seconds(20) == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, "a few seconds left"),
        (12, "about 10 s left"),
        (54, "about 50 s left"),
        (56, "about 1 min left"),
        (3000, "about 50 min left"),
        (5400, "about 1.5 h left"),
    ],
)
def test_durations_are_told_as_people_do(seconds, words):
    assert in_words(seconds) == words


def test_what_few_people_ask_for_is_told_in_the_tooltip_only(view):
    view.show_started()
    view.show_snapshots([Snapshot("ranking", 1, 10, {"marked cells found": 1.0, "risk": 0.011, "residual": 1e-9})])
    assert told_in_words(view) == "marked cells found 100%"
    lines = view.plot.words.toolTip().splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "marked cells found 100%", "classifier loss 0.011", "ranking off by ≈ 0",
    ]  # fmt: skip


@pytest.mark.parametrize("metric", ["loss", "confident", "source loss", "agreement with given", "slow-down", "my own"])
def test_the_title_of_a_curve_fits_above_it_and_its_tooltip_explains_it(view, metric):
    view.resize(270, 400)  # in a dock of 300
    view.show_started()
    for step in range(1, 6):
        view.show_snapshots([Snapshot("training", step, 10, {"loss": 0.0123, metric: 0.0123 * step})])
    for plot in view.plot.findChildren(SmallPlot):
        assert plot.title.fontMetrics().horizontalAdvance(plot.title.text) <= 270 // 2 - 4
        assert plot.toolTip() or metric == "my own"


def test_shares_are_told_in_per_cent_at_the_axis_too(view):
    view.show_started()
    for step in range(1, 6):
        view.show_snapshots([Snapshot("training", step, 10, {"confident": 0.19 * step})])
    (plot,) = view.plot.findChildren(SmallPlot)
    assert plot.title.text == "confident 95%"
    assert [text for _, text in plot._axis._tickLevels[0]] == ["0%", "95%"]


def test_all_words_are_of_numbers_that_a_method_tells():
    code = "".join(path.read_text(encoding="utf-8") for path in Path(methods.__file__).parent.rglob("*.py"))
    assert [name for name in METRICS if f'"{name}"' not in code] == []
