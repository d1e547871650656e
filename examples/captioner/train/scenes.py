"""A small world of coloured shapes, its frames and what is to be said of each. `../src/scene.ts` is the same, to the bit.

A scene is endless. Up to three shapes of different colours stand at nine places. With every frame one thing happens, or
nothing, and the caption says what: to know it, one has to see the newest frame and remember what was said before.
"""

from dataclasses import dataclass

import numpy as np

SIDE = 112
COLORS = {"red": (230, 60, 50), "green": (70, 200, 80), "blue": (70, 120, 250), "yellow": (245, 215, 70), "pink": (250, 130, 210)}
SHAPES = ["circle", "square", "triangle"]
SIZES = {"small": 8, "large": 14}
ROWS = ["top", "middle", "bottom"]
COLUMNS = ["left", "center", "right"]
DIRECTIONS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}

MOST = 3  # shapes at a time
PATIENCE = 10  # frames after which a shape that nothing was said of does something

END, FRAME = "<end>", "<frame>"
WORDS = [END, FRAME, "a", "the", *SIZES, *COLORS, *SHAPES, "appears", "at", "moves", *DIRECTIONS, "again", "to"]
WORDS += [word for word in [*ROWS, *COLUMNS] if word not in WORDS] + ["swallows", "vanishes", "nothing"]
IDS = {word: i for i, word in enumerate(WORDS)}


class Random:
    """Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, the same numbers in every language."""

    def __init__(self, seed: int):
        self.state = seed & 0xFFFFFFFF

    def below(self, n: int) -> int:
        """A whole number from 0 to n − 1."""
        self.state = (self.state + 0x6D2B79F5) & 0xFFFFFFFF
        t = self.state
        t = ((t ^ (t >> 15)) * (t | 1)) & 0xFFFFFFFF
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & 0xFFFFFFFF)) & 0xFFFFFFFF
        return ((t ^ (t >> 14)) * n) >> 32

    def of(self, items):
        return items[self.below(len(items))]


@dataclass
class Thing:
    size: str
    color: str
    shape: str
    row: int
    column: int
    x: int = 0
    y: int = 0
    heading: str | None = None  # the direction of its last event, if that was a move
    quiet: int = 0  # frames since something was said of it

    @property
    def name(self) -> str:
        return f"the {self.color} {self.shape}"

    @property
    def place(self) -> str:
        return f"the {ROWS[self.row]} {COLUMNS[self.column]}"


class Scene:
    def __init__(self, seed: int):
        self.random = Random(seed)
        self.things: list[Thing] = []
        self.mover: Thing | None = None

    def next(self) -> str:
        """Lets the next thing happen. Gives what is to be said of it; `draw` shows the world after it."""
        for thing in self.things:
            thing.quiet += 1
        forgotten = next((thing for thing in self.things if thing.quiet >= PATIENCE), None)
        if not self.things:
            return self.appear()
        if forgotten:
            return self.move(forgotten)
        dice = self.random.below(100)
        if dice < 8:
            return "nothing moves"
        if dice < 16 and len(self.things) > 1:
            return self.vanish()
        if dice < 40 and len(self.things) < MOST:
            return self.appear()
        again = self.mover in self.things and self.random.below(2) == 0
        return self.move(self.mover if again else self.random.of(self.things))

    def appear(self) -> str:
        taken = [(thing.row, thing.column) for thing in self.things]
        free = [(r, c) for r in range(3) for c in range(3) if (r, c) not in taken]
        color = self.random.of([color for color in COLORS if all(thing.color != color for thing in self.things)])
        size, shape = self.random.of(list(SIZES)), self.random.of(SHAPES)
        thing = Thing(size, color, shape, *self.random.of(free))
        self.settle(thing)
        self.things.append(thing)
        return f"a {size} {color} {shape} appears at {thing.place}"

    def vanish(self) -> str:
        thing = self.random.of(self.things)
        self.things.remove(thing)
        return f"{thing.name} vanishes"

    def move(self, thing: Thing) -> str:
        ways = [way for way, (r, c) in DIRECTIONS.items() if 0 <= thing.row + r < 3 and 0 <= thing.column + c < 3]
        way = thing.heading if thing.heading in ways and self.random.below(4) > 0 else self.random.of(ways)
        thing.row += DIRECTIONS[way][0]
        thing.column += DIRECTIONS[way][1]
        self.settle(thing)
        self.mover = thing
        thing.quiet = 0
        other = next((o for o in self.things if o is not thing and (o.row, o.column) == (thing.row, thing.column)), None)
        if other:
            self.things.remove(other)
            thing.heading = None
            return f"{thing.name} swallows {other.name} at {thing.place}"
        again = " again" if thing.heading == way else ""
        thing.heading = way
        return f"{thing.name} moves {way}{again} to {thing.place}"

    def settle(self, thing: Thing) -> None:
        """Pixels: a few next to the middle of its place, so that no two frames are alike."""
        thing.x = 20 + 36 * thing.column + self.random.below(7) - 3
        thing.y = 20 + 36 * thing.row + self.random.below(7) - 3

    def draw(self) -> np.ndarray:
        """The frame: uint8 [112, 112, 3], without anti-aliasing."""
        frame = GROUND.copy()
        for thing in self.things:
            r = SIZES[thing.size]
            part = frame[thing.y - r : thing.y + r + 1, thing.x - r : thing.x + r + 1]
            part[MASKS[thing.shape, r]] = COLORS[thing.color]
        return frame


def ground() -> np.ndarray:
    """Brighter red to the right, brighter green to the bottom: where something stands can be seen from what is around."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    return np.stack([16 + x * 80 // SIDE, 16 + y * 80 // SIDE, 0 * x + 56], -1).astype(np.uint8)


def mask(shape: str, r: int) -> np.ndarray:
    y, x = np.mgrid[-r : r + 1, -r : r + 1]
    if shape == "circle":
        return x * x + y * y <= r * r
    if shape == "square":
        return np.maximum(abs(x), abs(y)) <= r
    return 2 * abs(x) <= y + r


GROUND = ground()
MASKS = {(shape, r): mask(shape, r) for shape in SHAPES for r in SIZES.values()}


def encode(caption: str) -> list[int]:
    return [IDS[word] for word in caption.split()]
