"""What `export` does, once its arguments are read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from napari_labelfix.errors import InputError
from napari_labelfix.io.class_names import names_in_order
from napari_labelfix.io.content_files import read_content
from napari_labelfix.io.export import export
from napari_labelfix.io.files import expect_writable
from napari_labelfix.io.formats import find_format, formats_for
from napari_labelfix.io.label_image import NOUNS, LabelImage, say_count
from napari_labelfix.project.contents import read_project
from napari_labelfix.project.store import SUFFIX
from napari_labelfix.review.selection import find_selection

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from napari_labelfix.io.formats import Content, Format
    from napari_labelfix.io.label_image import What
    from napari_labelfix.review.selection import Selection


def export_files(
    labels: Sequence[Path],
    format_name: str,
    out: Path,
    images: Sequence[Path],
    selection_name: str = "",
    what: str = "",
    join_planes: bool = False,
    class_names: Sequence[str] = (),
) -> list[str]:
    """Write labels, boxes or points in a format; return what a person should know, a sentence each.

    Parameters
    ----------
    labels, images
        Files, or folders of files; of labels projects, too.
    format_name
        As in the table of formats.
    out
        The folder.
    selection_name
        Which objects of projects, as in the table of selections; "" for those that were reviewed.
    what
        Whether labels, boxes or points; "" for the first of these that the format can hold.
    join_planes
        Whether objects that lie over one another in neighbouring planes of a stack become one.
    class_names
        Of classes 1, 2, ...; where none is given, they are called as the labels say.

    Raises
    ------
    LabelfixError
        If labels cannot be read or written.
    """
    chosen = find_format(format_name)
    names = names_in_order(class_names)
    expect_writable(out)
    projects = [path for path in labels if path.suffix == SUFFIX]
    files = [path for path in labels if path.suffix != SUFFIX]
    selection = find_selection(selection_name) if selection_name else None
    if selection is not None and not projects:
        raise InputError("Only objects of a project have states to choose by. Leave --only out, or give the project.")
    wanted = _find_wanted(what, chosen, selection)
    read: list[Content] = []
    left: Counter[What] = Counter()
    for path in projects:
        found, left_here = read_project(path, wanted, selection)
        read, left = read + found, left + left_here
    _expect(what if selection is None else "labels", read)
    told: list[str] = []
    read += read_content(files, images, wanted, told.append) if files else []
    _expect(what, read)
    read = _with_joined_planes(read, told.append) if join_planes else read
    read = [_with_names(image, names) for image in read] if names else read
    exported = export(read, chosen, out)
    notes = exported.notes if what else (*exported.notes, *map(_say_left, left, left.values()))
    return [f"{_say_written(read)} as {chosen.title}.", *dict.fromkeys(told), *notes, f"Results are in {out}."]


def _find_wanted(what: str, chosen: Format, selection: Selection | None) -> Sequence[What]:
    """Return what a person wants, of what a format can hold."""
    if selection is not None and (what not in ("", "labels") or "labels" not in chosen.takes):
        raise InputError(
            f"Only labels have states to choose by, not {what or _either(chosen.takes)}. Leave --only out."
        )
    if not what:
        return chosen.takes if selection is None else ("labels",)
    known = next((kind for kind in NOUNS if kind == what), None)
    if known is None:
        raise InputError(f"Expected {_either(NOUNS)} behind --what, but got {what!r}.")
    if known not in chosen.takes:
        raise InputError(f"{chosen.title} cannot hold {what}. Choose --format {_formats(known)}.")
    return (known,)


def _expect(what: str, read: Sequence[Content]) -> None:
    if other := next((image for image in read if what not in ("", image.what)), None):
        raise InputError(f"{other.name} has {other.what}, but no {what}. For those say --what {other.what}.")


def _with_joined_planes(read: Sequence[Content], tell: Callable[[str], object]) -> list[Content]:
    """Join the planes of all stacks of labels, and say what has become of their objects."""
    result: list[Content] = []
    for image in read:
        if isinstance(image, LabelImage) and image.labels.ndim > 2:
            joined = image.with_joined_planes()
            before = say_count(image.numbers.size, "labels")
            tell(f"{before} of {image.name} became {joined.numbers.size}, as their planes were joined.")
            result.append(joined)
        else:
            result.append(image)
    if not any(now is not before for now, before in zip(result, read, strict=True)):
        raise InputError("There is no stack of labels whose planes could be joined. Leave --join-planes out.")
    return result


def _with_names(image: Content, names: Mapping[int, str]) -> Content:
    if not isinstance(image, LabelImage):
        raise InputError(f"Only labels have classes, and {image.name} has {image.what}. Leave --classes out.")
    return image.with_names(names)


def _say_written(read: Sequence[Content]) -> str:
    """Say "3 objects and 1 box of 2 images"."""
    counts = {kind: [image.count_classes().total() for image in read if image.what == kind] for kind in NOUNS}
    objects = " and ".join(say_count(sum(found), kind) for kind, found in counts.items() if found)
    return f"{objects} of {'1 image' if len(read) == 1 else f'{len(read)} images'}"


def _say_left(what: What, count: int) -> str:
    """Say what of a project was not exported, and how it can be."""
    there = "is" if count == 1 else "are"
    return f"There {there} {say_count(count, what)}, too: export with --what {what} and --format {_formats(what)}."


def _formats(what: What) -> str:
    return _either([row.name for row in formats_for(what)])


def _either(names: Collection[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
