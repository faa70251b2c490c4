"""Questions to ask of a picture: its objects in many lights, one sort of objects among others, what lies around them.

Each takes an image (Y, X, 3) and the labels of its objects (Y, X), and returns another image and what is wanted in it,
one number an object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from scenes import depth_of, relit
from scipy.ndimage import distance_transform_edt, label
from skimage.segmentation import watershed

from napari_labelfix.data.normalize import normalize
from napari_labelfix.sample_data.shapes import smooth_noise

if TYPE_CHECKING:
    from collections.abc import Sequence

Image = NDArray[np.float32]
Labels = NDArray[np.int32]


def as_it_is(image: Image, labels: Labels, rng: np.random.Generator) -> tuple[Image, Labels]:
    """Ask for the objects in their own light, a little brighter or darker."""
    return image * np.float32(np.exp(rng.normal(0, 0.1))) + np.float32(rng.normal(0, 0.05)), labels


def in_other_light(image: Image, labels: Labels, rng: np.random.Generator) -> tuple[Image, Labels]:
    """Ask for the objects as another stain, microscope or camera might show them."""
    return relit(image, rng), labels


def repainted(_: Image, labels: Labels, rng: np.random.Generator) -> tuple[Image, Labels]:
    """Ask for objects of the same outlines, painted anew."""
    return _finished([(np.ones(labels.shape, np.float32), None), (_cover(labels), labels)], rng), labels


def one_sort(_: Image, labels: Labels, rng: np.random.Generator) -> tuple[Image, Labels]:
    """Ask for some of the objects, which look different from the others."""
    of_this_sort = rng.random(labels.max() + 1) < rng.uniform(0.3, 0.7)
    of_this_sort[0] = False
    wanted = np.where(of_this_sort[labels], labels, 0)
    others = labels - wanted
    ground = np.ones(labels.shape, np.float32)
    return _finished([(ground, None), (_cover(others), others), (_cover(wanted), wanted)], rng), wanted


def nested(image: Image, labels: Labels, rng: np.random.Generator) -> tuple[Image, Labels]:
    """Ask for what lies around the objects, with them, or for the objects and not for what lies around them."""
    inner_wanted = rng.random() < 0.6
    bodies, objects = _bodies(labels, rng), _most(labels, rng)  # some bodies are empty
    if inner_wanted:
        bodies = _most(bodies, rng)  # and some objects have no body
    layers = [(np.ones(labels.shape, np.float32), None), (_cover(bodies), bodies), (_cover(objects), objects)]
    painted = _finished(layers, rng)
    if rng.random() < 0.4:  # what was photographed, with bodies painted around it
        ground = _finished(layers[:2], rng)
        inside = cv2.GaussianBlur(_cover(objects), (0, 0), 1)[..., None]
        painted = normalize(inside * relit(image, rng) + (1 - inside) * ground)
    return painted, (objects if inner_wanted else bodies)


def regions(_: Image, labels: Labels, rng: np.random.Generator) -> tuple[Image, Labels]:
    """Ask for regions or threads of any shape, of another brightness or texture than what surrounds them."""
    field = smooth_noise(rng, labels.shape, np.exp(rng.uniform(np.log(3), np.log(30))))
    thread = np.abs(field) < rng.uniform(0.1, 0.4)
    here = thread if rng.random() < 0.4 else field > rng.uniform(-0.5, 1)
    wanted = label(here)[0].astype(np.int32)
    return _finished([(np.ones(labels.shape, np.float32), None), (_cover(wanted), wanted)], rng), wanted


Question = Callable[[Image, Labels, np.random.Generator], tuple[Image, Labels]]
QUESTIONS: dict[Question, float] = {  # with the share of the cases that ask it
    as_it_is: 0.30, in_other_light: 0.22, repainted: 0.10, one_sort: 0.13, nested: 0.15, regions: 0.10,
}  # fmt: skip


def random_question(only: Sequence[str], rng: np.random.Generator) -> Question:
    """Return one of the questions, or one of those of these names, if there are any."""
    questions = [question for question in QUESTIONS if not only or question.__name__ in only]
    shares = np.array([QUESTIONS[question] for question in questions])
    return questions[rng.choice(len(questions), p=shares / shares.sum())]


def _finished(layers: list[tuple[Image, Labels | None]], rng: np.random.Generator) -> Image:
    """Paint one layer over the other, in random colours, textures and rims, and look at it through a microscope."""
    picture = np.zeros((*layers[0][0].shape, 3), np.float32)
    for cover, objects in layers:
        paint = _paint(cover.shape, rng)
        if objects is not None:
            paint = paint * _per_object(objects, rng) + _rim(objects, rng)
        picture = picture * (1 - cover[..., None]) + paint * cover[..., None]
    if rng.random() < 0.5:
        picture = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    sharp = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), np.exp(rng.uniform(np.log(0.3), np.log(2))))
    return normalize(sharp + rng.normal(0, rng.uniform(0.005, 0.06), sharp.shape).astype(np.float32))


def _paint(shape: tuple[int, int], rng: np.random.Generator) -> Image:
    """Return a colour with a texture (Y, X, 3)."""
    grain = smooth_noise(rng, shape, np.exp(rng.uniform(np.log(0.8), np.log(20))))
    strength = rng.uniform(0, 0.25) * rng.random()
    colour = rng.uniform(0, 1) + rng.normal(0, 0.15, 3)
    return (colour + strength * grain[..., None]).astype(np.float32)


def _per_object(objects: Labels, rng: np.random.Generator) -> Image:
    """Return (Y, X, 1): each object's own brightness, about 1."""
    factors = rng.lognormal(0, rng.uniform(0, 0.25), objects.max() + 1).astype(np.float32)
    return factors[objects][..., None]


def _rim(objects: Labels, rng: np.random.Generator) -> Image:
    """Return (Y, X, 1): how much brighter or darker it is towards the outlines; often not at all."""
    if rng.random() < 0.5:
        return np.zeros((*objects.shape, 1), np.float32)
    fall = np.exp(-((depth_of(objects) / rng.uniform(0.1, 0.5)) ** 2))
    return (rng.normal(0, 0.4) * fall)[..., None].astype(np.float32)


def _most(objects: Labels, rng: np.random.Generator) -> Labels:
    """Leave out one object in ten."""
    kept = rng.random(objects.max() + 1) < 0.9
    return np.where(kept[objects], objects, 0).astype(np.int32)


def _cover(objects: Labels) -> Image:
    return (objects > 0).astype(np.float32)


def _bodies(labels: Labels, rng: np.random.Generator) -> Labels:
    """Let each object have a body around it, of an uneven outline, that ends where the next one begins."""
    radius = np.sqrt(np.median(np.bincount(labels.ravel())[1:] if labels.any() else [100]) / np.pi)
    largest = radius * np.exp(rng.uniform(np.log(0.3), np.log(5)))
    reach = largest * np.exp(0.25 * smooth_noise(rng, labels.shape, radius))
    distance = distance_transform_edt(labels == 0)
    return watershed(distance, labels, mask=distance < reach).astype(np.int32)
