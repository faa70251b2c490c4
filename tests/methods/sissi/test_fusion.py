"""Weighted boxes fusion, held against a plain version of the paper's steps, one box at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_labelfix.methods.sissi.fusion import NOTHING, Scored, fuse, most_boxes, suppress, with_certain


def scored(*rows):
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Scored(table[:, :4], table[:, 4])


def plain_iou(a, b):
    height = min(a[2], b[2]) - max(a[0], b[0])
    width = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0, height) * max(0, width)
    area = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return shared / (sum(area) - shared)


def plain_fusion(views, same, skipped):
    """The seven steps of section 3 of the paper, with lists."""
    boxes = [(float(s), [float(v) for v in c]) for view in views for c, s in zip(*view, strict=True) if s >= skipped]
    boxes.sort(key=lambda box: -box[0])
    clusters, fused = [], []
    for score, corners in boxes:
        overlaps = [plain_iou(corners, mean) for mean in fused]
        best = max(range(len(fused)), key=lambda i: overlaps[i], default=None)
        if best is None or overlaps[best] <= same:
            clusters.append([])
            fused.append(None)
            best = len(fused) - 1
        clusters[best].append((score, corners))
        total = sum(s for s, _ in clusters[best])
        fused[best] = [sum(s * c[k] for s, c in clusters[best]) / total for k in range(4)]
    scores = [sum(s for s, _ in one) / len(one) * min(len(one), len(views)) / len(views) for one in clusters]
    return sorted(zip(scores, fused, strict=True), key=lambda pair: -pair[0])


def test_two_views_of_one_cell_become_their_weighted_mean():
    found = fuse([scored([0, 0, 10, 10, 0.9]), scored([2, 0, 12, 10, 0.3])])
    assert found.corners == pytest.approx(np.array([[0.5, 0, 10.5, 10]]))
    assert found.scores == pytest.approx([0.6])


def test_what_one_of_two_views_sees_counts_half():
    found = fuse([scored([0, 0, 10, 10, 0.8]), NOTHING])
    assert found.scores == pytest.approx([0.4])


def test_boxes_that_are_too_unsure_are_left_out():
    assert len(fuse([scored([0, 0, 10, 10, 0.2])]).scores) == 0
    assert len(fuse([scored([0, 0, 10, 10, 0.3])]).scores) == 1


@pytest.mark.parametrize("cell", [24.0, 64.0])
def test_more_boxes_are_kept_than_cells_fit_side_by_side_in_the_size_in_which_they_are_seen(cell):
    assert most_boxes(4096, 2048, cell) > 2 * (4096 // cell) * (2048 // cell)
    assert most_boxes(10, 10, cell) >= 100


def test_nothing_stays_nothing():
    assert len(fuse([]).corners) == len(fuse([NOTHING, NOTHING]).corners) == 0


boxes = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(4, 9), st.integers(4, 9), st.integers(20, 99))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(boxes, max_size=5), min_size=1, max_size=4))
def test_it_does_what_the_paper_says(drawn):
    views = [scored(*[(y, x, y + h, x + w, s / 100) for y, x, h, w, s in view]) for view in drawn]
    found, expected = fuse(views), plain_fusion(views, 0.5, 0.25)
    assert found.scores == pytest.approx([score for score, _ in expected], abs=1e-5)
    ours = sorted(map(tuple, np.round(found.corners, 3).tolist()))
    theirs = sorted(map(tuple, np.round(np.array([c for _, c in expected]).reshape(-1, 4), 3).tolist()))
    assert np.array(ours) == pytest.approx(np.array(theirs), abs=2e-3)


def test_of_two_that_overlap_the_better_stays():
    kept = suppress(scored([0, 0, 10, 10, 0.5], [1, 1, 11, 11, 0.9], [30, 30, 40, 40, 0.2]), 0.1, 10)
    assert kept.scores == pytest.approx([0.9, 0.2])
    assert suppress(kept, 0.3, 10).scores == pytest.approx([0.9])
    assert len(suppress(kept, 0.1, 1).scores) == 1


def test_boxes_that_a_person_is_sure_of_win_over_what_overlaps_them_however_good_it_is():
    found = scored([0, 0, 10, 10, 0.99], [20, 20, 30, 30, 0.4], [8, 8, 18, 18, 0.6])
    certain = np.array([[2, 0, 12, 10], [50, 50, 60, 60]], np.float32)
    told = with_certain(found, certain)
    assert told.corners.tolist() == [*certain.tolist(), [20, 20, 30, 30], [8, 8, 18, 18]]
    assert told.scores == pytest.approx([1, 1, 0.4, 0.6])
    assert (told.corners.dtype, told.scores.dtype) == (np.float32, np.float32)
    assert with_certain(NOTHING, certain).scores.tolist() == [1, 1]
    assert with_certain(found, NOTHING.corners).scores == pytest.approx(found.scores)
