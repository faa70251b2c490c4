import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_labelfix.data import tiles as tiles_module
from napari_labelfix.data.patches import largest_side, predict_logits
from napari_labelfix.data.tiles import (
    GRID,
    first_piece,
    first_piece_beside,
    from_a_place,
    middle_of,
    tiles,
    with_margin,
    within,
)

LENGTHS = st.integers(1, 400)


@given(height=LENGTHS, width=LENGTHS, margin=st.integers(0, 20), side=st.integers(100, 150))
def test_kept_parts_cover_a_plane_once_and_have_their_margin(height, width, margin, side):
    covered = np.zeros((height, width), int)
    for tile in tiles((height, width), margin, side):
        covered[tile.keep] += 1
        piece = np.zeros((height, width))[tile.read]
        assert max(piece.shape) <= side
        assert min(piece[tile.inner].shape) > 0
        assert piece[tile.inner].shape == covered[tile.keep].shape
        for read, keep, length in zip(tile.read, tile.keep, (height, width), strict=True):
            assert keep.start - read.start >= margin or read.start == 0
            assert read.stop - keep.stop >= margin or read.stop == length
    assert (covered == 1).all()


@given(length=st.integers(1, 5000))
def test_tiles_begin_on_the_grid_that_networks_see(length):
    for tile in tiles((length, 40), margin=4 * GRID, side=256):
        assert tile.read[0].start % GRID == 0


@given(height=LENGTHS, width=LENGTHS, data=st.data())
def test_a_large_plane_begins_with_a_piece_around_the_place_and_goes_on_outwards(height, width, data):
    place = data.draw(st.tuples(st.integers(0, height - 1), st.integers(0, width - 1)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles_module, "FIRST", 96)
        found = from_a_place((height, width), 16, 150, place)
    if height * width > 2 * 96**2:
        first, *found = found
        y, x = first.keep
        assert y.start <= place[0] < y.stop
        assert x.start <= place[1] < x.stop
        assert y.start % GRID == x.start % GRID == 0
        assert first == with_margin((y, x), 16, (height, width))
        assert (y.stop - y.start) * (x.stop - x.start) < height * width
    assert sorted(map(repr, found)) == sorted(map(repr, tiles((height, width), 16, 150)))
    middles = np.array([[(part.start + part.stop) / 2 for part in tile.keep] for tile in found])
    away = np.linalg.norm(middles - place, axis=1)
    assert (np.diff(away) >= 0).all()


def test_a_first_piece_may_have_another_length_and_only_a_large_plane_has_one():
    piece = first_piece((2048, 1024), 96, (1000, 1020), 320)
    assert piece.keep == (slice(832, 1152), slice(704, 1024))
    assert piece.read == (slice(736, 1248), slice(608, 1024))
    assert first_piece((724, 724), 96, (0, 0)) is None


def test_the_first_piece_beside_what_is_known_lies_around_the_nearest_place_that_is_not():
    known = np.zeros((2048, 1024), bool)
    known[:700, :500] = True
    piece = first_piece_beside(known, np.argwhere(known), 96)
    assert piece.keep == (slice(80, 592), slice(240, 752))
    assert not known[piece.keep].all()
    assert first_piece_beside(known[:724, :700], np.argwhere(known), 96) is None


def test_the_middle_of_places_is_one_of_them_and_that_of_the_plane_where_there_are_none():
    places = np.array([[1.0, 1], [10.2, 11.9], [12, 8], [90, 10]])
    assert middle_of(places, (100, 100)) == (12, 8)
    assert middle_of(places[:0], (100, 60)) == (50, 30)


def test_a_margin_ends_at_the_border_of_the_plane():
    tile = with_margin((slice(5, 20), slice(30, 40)), 8, (50, 40))
    assert tile.read == (slice(0, 28), slice(22, 40))
    assert tile.inner == within(tile.keep, tile.read) == (slice(5, 20), slice(8, 18))


@pytest.mark.parametrize(("free", "side"), [(80, 4096), (16, 2048), (4, 1024), (0.1, 1024)])
def test_on_a_graphics_card_tiles_are_as_large_as_there_is_memory_for(monkeypatch, free, side):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (int(free * 2**30), 80 * 2**30))
    assert largest_side(torch.device("cuda")) == side
    assert largest_side(torch.device("cpu")) == 1024  # more does not fit into its caches


def test_tiles_are_halved_where_memory_runs_out_and_say_the_same():
    class Hungry(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.sides = []

        def forward(self, image):
            self.sides.append(max(image.shape[-2:]))
            if self.sides[-1] > 512:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")
            return image.repeat(1, 2, 1, 1)

    image, network = torch.rand(1, 1300, 700), Hungry()
    found = predict_logits(network, image)
    np.testing.assert_allclose(found[0].float(), image[0], atol=1e-2)
    assert network.sides[0] > 512 >= max(network.sides[1:])

    class Starving(Hungry):
        def forward(self, image):
            self.sides.append(max(image.shape[-2:]))
            raise MemoryError

    network = Starving()
    with pytest.raises(MemoryError):
        predict_logits(network, image)
    assert len(network.sides) == 3
