import pytest
import torch

from napari_labelfix.networks.guided import evidence, guided_input, three_colours

IMAGE = torch.rand(3, 40, 56, generator=torch.Generator().manual_seed(0))


def test_grey_is_shown_in_all_colours_and_colours_as_they_are():
    assert torch.equal(three_colours(IMAGE), IMAGE)
    assert torch.equal(three_colours(IMAGE[:1]), IMAGE[:1].expand(3, -1, -1))


def test_of_two_channels_the_third_colour_is_the_mean():
    assert torch.equal(three_colours(IMAGE[:2])[:2], IMAGE[:2])
    assert torch.allclose(three_colours(IMAGE[:2])[2], IMAGE[:2].mean(0))


@pytest.mark.parametrize("channels", [4, 5, 6, 7])
def test_of_more_channels_each_is_in_one_colour(channels):
    image = torch.rand(channels, 3, 3)
    for colour in range(3):
        assert torch.allclose(three_colours(image)[colour], image[colour::3].mean(0))


def test_a_guess_is_shown_from_minus_one_to_one_and_strokes_as_they_are():
    guess, strokes = torch.tensor([[0.0, 0.5, 1.0]]), torch.tensor([[-1, 0, 1]])
    seen = guided_input(torch.zeros(1, 1, 3), guess, strokes)
    assert seen.shape == (5, 1, 3)
    assert seen[3].tolist() == seen[4].tolist() == [[-1, 0, 1]]


def test_evidence_is_what_makes_the_foreground_likelier_than_the_background():
    assert evidence(torch.tensor([1.0, 3.0, 9.0]).view(3, 1, 1)).item() == 2
