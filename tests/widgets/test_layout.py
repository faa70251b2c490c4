"""The docks in a real window: as high as a small screen, as wide as napari's font, tabs of one another."""

import pytest
from napari.settings import get_settings
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSlider,
)

from napari_labelfix.methods.table import METHODS
from napari_labelfix.widgets.parts.dock_frame import PLUGIN, open_dock
from napari_labelfix.widgets.parts.dock_keys import DockKeys
from napari_labelfix.widgets.parts.params_form import ParamsForm
from napari_labelfix.widgets.reviewing.objects_model import Column
from napari_labelfix.widgets.running.metrics_plot import MetricsPlot

HEIGHT = 720  # pixels, of a small screen
DOCKS = [*(method.title for method in METHODS.values()), "Review", "Export", "Project"]


@pytest.fixture
def viewer(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1280, HEIGHT)
    viewer.open_sample(PLUGIN, "careless_labels")
    QApplication.processEvents()
    return viewer


@pytest.fixture
def large_font():
    appearance = get_settings().appearance
    before = appearance.font_size
    appearance.font_size = 18
    yield
    appearance.font_size = before


@pytest.fixture
def open_(viewer, qtbot):
    """Open a dock, and wait until it has its place."""

    def opened(title):
        holder, dock = viewer.window.add_plugin_dock_widget(PLUGIN, title)
        qtbot.waitUntil(dock.isVisible)
        QApplication.processEvents()
        return holder, dock

    return opened


def put_at_the_bottom(window, holder):
    """Take a dock out of its tabs, as a person does who drags it."""
    window.removeDockWidget(holder)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, holder, Qt.Orientation.Vertical)
    holder.show()
    QApplication.processEvents()


def in_front(dock):
    return not dock.visibleRegion().isEmpty()


def cut_off(dock):
    """The texts of buttons that are wider than these, and how far the parts reach beyond what is seen of them."""
    texts = [
        button.text()
        for button in dock.findChildren(QPushButton)
        if button.isVisible() and button.fontMetrics().horizontalAdvance(button.text()) > button.width()
    ]
    body = dock.findChild(QScrollArea)
    return texts, max(0, body.widget().width() - body.viewport().width())


class TestHeight:
    def test_docks_need_little_height_and_the_window_grows_with_no_number_of_them(self, viewer, open_):
        for title in DOCKS:
            _, dock = open_(title)
            assert dock.minimumSizeHint().height() <= 200, title
            assert viewer.window._qt_window.height() == HEIGHT, title

    def test_it_grows_not_even_with_three_docks_under_one_another(self, viewer, open_):
        window = viewer.window._qt_window
        holders = [open_(title)[0] for title in ("Scribble2Label", "Review", "Export")]
        for holder in holders[1:]:
            put_at_the_bottom(window, holder)
        assert not window.tabifiedDockWidgets(holders[0])
        assert window.height() == HEIGHT

    def test_the_message_stays_in_place_when_the_parts_scroll(self, viewer, open_):
        _, dock = open_("Label upgrade")
        body = dock.findChild(QScrollArea)
        assert not body.isAncestorOf(dock.message)
        assert body.isAncestorOf(dock.run_view)

    def test_the_table_of_objects_gets_the_height_that_the_tabs_below_do_not_need(self, viewer, open_, qtbot):
        _, dock = open_("Review")
        table, tabs = dock.view.table, dock.view.tabs
        viewer.window.resize(1280, HEIGHT + 100)
        qtbot.waitUntil(lambda: table.height() > 200)
        before, below = table.height(), tabs.height()
        viewer.window.resize(1280, HEIGHT + 200)
        qtbot.waitUntil(lambda: table.height() >= before + 90)
        assert abs(tabs.height() - below) < 10


def test_every_button_box_and_line_says_in_a_tooltip_what_it_is_for(viewer, open_):
    kinds = (QAbstractButton, QComboBox, QAbstractSpinBox, QSlider, QLineEdit)
    for title in DOCKS:
        _, dock = open_(title)
        if form := dock.findChild(ParamsForm):
            form.folded.expand(animate=False)
        widgets = [one for kind in kinds for one in dock.findChildren(kind) if one.isVisible()]
        boxes = (QAbstractSpinBox, QComboBox)
        mute = [one for one in widgets if not one.toolTip() and not isinstance(one.parent(), boxes)]
        assert mute == [], title


class TestTabs:
    def test_a_second_dock_opens_as_a_tab_of_the_first_and_in_front(self, viewer, open_, qtbot):
        first, method = open_("Label upgrade")
        second, review = open_("Review")
        qtbot.waitUntil(lambda: in_front(review))
        assert viewer.window._qt_window.tabifiedDockWidgets(first) == [second]
        assert not in_front(method)

    def test_a_dock_that_is_open_behind_another_comes_to_the_front_when_it_is_asked_for(self, viewer, open_, qtbot):
        _, method = open_("Label upgrade")
        open_("Project")
        qtbot.waitUntil(lambda: not in_front(method))
        open_dock(viewer.window, "Label upgrade")
        qtbot.waitUntil(lambda: in_front(method))

    def test_a_dock_stays_where_a_person_has_put_it(self, viewer, open_, qtbot):
        window = viewer.window._qt_window
        first, _ = open_("Label upgrade")
        second, review = open_("Review")
        put_at_the_bottom(window, second)
        second.hide()
        second.show()
        qtbot.waitUntil(lambda: in_front(review))
        assert window.tabifiedDockWidgets(first) == []

    @pytest.mark.parametrize("move", ["floating", "left", "hidden"])
    def test_a_dock_joins_none_that_floats_or_is_hidden_or_at_another_side(self, viewer, open_, qtbot, move):
        window = viewer.window._qt_window
        first, _ = open_("Label upgrade")
        if move == "floating":
            first.setFloating(True)
        elif move == "left":
            window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, first)
        else:
            first.hide()
        second, review = open_("Review")
        qtbot.waitUntil(lambda: in_front(review))
        assert window.tabifiedDockWidgets(second) == []

    def test_a_dock_of_another_plugin_is_left_alone(self, viewer, open_):
        others = viewer.window._qt_window.findChildren(QDockWidget)
        _, dock = open_("Review")
        assert viewer.window._qt_window.tabifiedDockWidgets(dock.parent()) == []
        assert all(not viewer.window._qt_window.tabifiedDockWidgets(other) for other in others)

    def test_what_is_selected_is_outlined_only_while_the_review_dock_is_in_front(self, viewer, open_, qtbot):
        method, _ = open_("Label upgrade")
        holder, review = open_("Review")
        qtbot.waitUntil(lambda: in_front(review))
        review.review.select([int(review.model.id_at(0))])
        clicks = viewer.mouse_drag_callbacks
        assert review._on_canvas_click in clicks
        method.raise_()
        qtbot.waitUntil(lambda: review._on_canvas_click not in clicks)
        holder.raise_()
        qtbot.waitUntil(lambda: review._on_canvas_click in clicks)


class TestWidth:
    def test_nothing_is_cut_off_in_a_font_of_twice_the_size(self, viewer, open_, qtbot, large_font):
        for title in DOCKS:
            _, dock = open_(title)
            qtbot.waitUntil(lambda dock=dock: cut_off(dock) == ([], 0))

    def test_a_dock_gets_wider_with_the_font_while_it_is_open(self, viewer, open_, qtbot, large_font):
        get_settings().appearance.font_size = 9
        _, dock = open_("Label upgrade")
        before = dock.width()
        get_settings().appearance.font_size = 18
        qtbot.waitUntil(lambda: dock.width() > before)
        qtbot.waitUntil(lambda: cut_off(dock) == ([], 0))

    def test_tables_and_lines_to_write_in_have_the_size_of_napari_s_font(self, viewer, open_, qtbot, large_font):
        for title in ("Label upgrade", "Review", "Export"):
            _, dock = open_(title)
            if title == "Label upgrade":
                dock.form.folded.expand(animate=False)  # which is filled when it is opened
            widgets = [*dock.findChildren(QAbstractItemView), *dock.findChildren(QHeaderView)]
            sizes = {one.font().pointSize() for one in [*widgets, *dock.findChildren(QLineEdit)] if one.isVisible()}
            assert sizes == {18}, title

    def test_titles_of_plots_have_the_size_of_napari_s_font_and_grow_with_it(self, viewer, open_, qtbot, large_font):
        _, dock = open_("Label upgrade")
        plot = dock.run_view.plot
        for step in range(9):
            plot.add(step, {"loss": 1.0})
        plot.redraw()
        title = plot._panels["loss"].title
        assert title.font().pointSize() == 18
        get_settings().appearance.font_size = 20
        qtbot.waitUntil(lambda: title.font().pointSize() == 20)
        assert title.height() >= title.fontMetrics().height()

    def test_rows_and_columns_of_the_table_grow_with_the_font_while_it_is_open(self, viewer, open_, qtbot, large_font):
        get_settings().appearance.font_size = 9
        _, dock = open_("Review")
        table = dock.view.table
        row, column = table.rowHeight(0), table.columnWidth(Column.STATE)
        get_settings().appearance.font_size = 18
        qtbot.waitUntil(lambda: table.rowHeight(0) > 1.8 * row)
        assert table.columnWidth(Column.STATE) > 1.8 * column
        get_settings().appearance.font_size = 9
        qtbot.waitUntil(lambda: table.rowHeight(0) == row)

    def test_nothing_lies_upon_the_table_where_the_dock_is_as_low_as_it_can_be(self, viewer, open_, qtbot, large_font):
        _, dock = open_("Review")
        qtbot.waitUntil(lambda: dock.findChild(QScrollArea).verticalScrollBar().maximum() > 0)
        table, button = dock.view.table, dock.view.next_button
        assert dock.view.counts.height() > 1.5 * dock.view.counts.fontMetrics().height(), "it wraps"
        qtbot.waitUntil(lambda: table.geometry().bottom() < button.geometry().top())

    def test_the_reasons_for_doubt_can_be_read_without_scrolling_and_whole_in_a_tooltip(self, viewer, open_, qtbot):
        _, dock = open_("Review")
        table = dock.view.table
        qtbot.waitUntil(lambda: dock.model.rowCount() > 0)
        why = table.visualRect(dock.model.index(0, Column.WHY))
        assert table.viewport().rect().contains(why)
        index = dock.model.index(0, Column.WHY)
        assert dock.model.data(index, Qt.ItemDataRole.ToolTipRole) == dock.model.data(index)

    def test_keys_for_which_there_is_no_room_end_in_dots(self, viewer, open_):
        _, dock = open_("Review")
        keys = dock.findChild(DockKeys)
        assert keys.seen == keys.text()
        keys.setFixedWidth(keys.fontMetrics().horizontalAdvance(keys.text()) // 2)
        keys.repaint()
        assert keys.seen.startswith("Keys: U merge")
        assert keys.seen.endswith("…")
        assert keys.text() in keys.toolTip()

    def test_a_parameter_with_long_words_has_the_whole_width(self, qtbot):
        form = ParamsForm(METHODS["hovernet_stpp"].params)
        qtbot.addWidget(form)
        form.resize(300, 300)
        form.show()
        assert form.editor("unlabelled").width() == form.width()


def test_the_arrow_of_more_points_right_while_it_is_closed_and_down_while_it_is_open(qtbot):
    form = ParamsForm(METHODS["label_upgrade"].params)
    qtbot.addWidget(form)
    texts = [form.folded.text()]
    for _ in range(2):
        form.folded.toggleButton().click()
        texts.append(form.folded.text())
    assert [text[0] for text in texts] == ["▸", "▾", "▸"]


def test_the_numbers_of_the_last_run_are_gone_from_the_plots_when_the_next_begins(qtbot):
    plot = MetricsPlot()
    qtbot.addWidget(plot)
    for step in range(9):
        plot.add(step, {"loss": 5.0 - step / 9})
    plot.redraw()
    panel = plot._panels["loss"]
    assert panel._axis._tickLevels == [[(0.0, "0"), (5.0, "5")]]
    plot.clear()
    assert panel._axis._tickLevels == [[]]
    assert panel.title.text == "loss"
    assert panel._curve.xData is None
