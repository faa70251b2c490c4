"""The colours of object outlines, in pictures and on the screen. It imports nothing, so that anything may use it."""

Colour = tuple[int, int, int]

# bright, so that each stands out from a black image
OUTLINES: tuple[Colour, ...] = (
    (102, 227, 145), (255, 209, 102), (239, 111, 161), (96, 198, 245), (255, 148, 89), (190, 151, 255),
)  # fmt: skip
