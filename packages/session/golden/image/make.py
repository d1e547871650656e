"""Draws the pictures of this folder and writes goldens.json with transformers' Qwen2VLImageProcessor. By hand:

    pip install torch==2.13.0 torchvision==0.28.0 transformers==5.17.0 pillow==12.3.0
    python packages/session/golden/image/make.py

build-info.png is the one picture that is not drawn here: it is of the Cargo book (MIT or Apache-2.0).
"""

import hashlib
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from transformers import Qwen2VLImageProcessor
from transformers.image_utils import load_image
from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

HERE = Path(__file__).parent


def scene(width: int, height: int, seed: int) -> Image.Image:
    """Soft gradients, hard edges, thin lines and letters."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    waves = [120 + 100 * np.sin(x / 17 + y / 31), 110 + 90 * np.cos(y / 13 - x / 41), 90 + 80 * np.sin((x + y) / 23)]
    picture = Image.fromarray(np.stack(waves, -1).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for i in range(14):
        left, top = int(random.integers(0, width)), int(random.integers(0, height))
        radius = int(random.integers(3, max(4, min(width, height) // 4)))
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        shape = [draw.ellipse, draw.rectangle][i % 2]
        shape((left - radius, top - radius, left + radius, top + radius), fill=colour)
        end = (int(random.integers(0, width)), int(random.integers(0, height)))
        draw.line((left, top, *end), fill=colour[::-1], width=1)
    draw.text((width // 5, height // 3), "Casement 42", fill=(255, 255, 255))
    draw.text((width // 5, height // 2), "window", fill=(0, 0, 0))
    return picture


def ramp(width: int, height: int) -> Image.Image:
    """From transparent on the left to opaque on the right."""
    return Image.fromarray(np.linspace(0, 255, width).astype(np.uint8)[None].repeat(height, 0))


def write_png16(path: Path, pixels: np.ndarray, colour_type: int) -> None:
    """Pillow writes no 16-bit colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = pixels.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    )


def draw_pictures() -> None:
    picture = scene(131, 97, 1)
    picture.save(HERE / "rgb.png", optimize=True)
    picture.convert("L").save(HERE / "grey.png", optimize=True)
    picture.convert("1").save(HERE / "bilevel.png", optimize=True)
    picture.quantize(32).save(HERE / "palette.png", optimize=True)
    picture.quantize(32).save(HERE / "palette-transparent.png", transparency=3, optimize=True)
    Image.merge("LA", (picture.convert("L"), ramp(131, 97))).save(HERE / "grey-alpha.png", optimize=True)
    picture.putalpha(ramp(131, 97))
    picture.save(HERE / "rgba.png", optimize=True)
    y, x = np.mgrid[0:45, 0:61]
    deep = (x * 1000 + y * 37) % 65536
    write_png16(HERE / "rgb16.png", np.stack([deep, 65535 - deep, deep * 3 % 65536], -1), 2)
    write_png16(HERE / "grey16.png", deep[..., None], 0)
    scene(203, 149, 2).save(HERE / "baseline.jpg", quality=88)
    scene(203, 149, 3).save(HERE / "no-subsampling.jpg", quality=92, subsampling=0)
    scene(149, 203, 4).save(HERE / "progressive.jpg", quality=80, progressive=True)
    scene(203, 149, 5).convert("L").save(HERE / "grey.jpg", quality=85)
    scene(901, 601, 14).save(HERE / "large.jpg", quality=50)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x112] = orientation
        scene(61, 37, 6).save(HERE / f"orientation-{orientation}.jpg", quality=80, exif=exif)
    scene(157, 111, 8).save(HERE / "lossy.webp", quality=80)
    scene(157, 111, 9).save(HERE / "lossless.webp", lossless=True)
    picture = scene(157, 111, 10)
    picture.putalpha(ramp(157, 111))
    picture.save(HERE / "alpha.webp", lossless=True, exact=True)
    scene(17, 9, 11).save(HERE / "tiny.png")
    scene(1, 1, 12).save(HERE / "one.png")
    scene(11, 1500, 13).save(HERE / "tall.png", optimize=True)


def golden(path: Path, config: dict) -> dict:
    # transformers 5.17 writes min_pixels and max_pixels into this dict, which all instances share.
    Qwen2VLImageProcessor.size = {"shortest_edge": 56 * 56, "longest_edge": 28 * 28 * 1280}
    output = Qwen2VLImageProcessor(**config)(images=load_image(str(path)), return_tensors="pt")
    values = output["pixel_values"].float().contiguous().numpy().astype("<f4")
    at = np.linspace(0, values.size - 1, 24).astype(int)
    return {
        "file": path.name,
        "config": config,
        "grid": output["image_grid_thw"][0, 1:].tolist(),
        "shape": list(values.shape),
        "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
        "samples": [[int(i), float(values.flat[i])] for i in at],
    }


draw_pictures()
FILES = sorted(path for path in HERE.iterdir() if path.suffix in {".png", ".jpg", ".webp"})
PLAIN = [golden(path, {}) for path in FILES if path.name != "grey16.png"]
CONFIGS = [
    {"max_pixels": 28 * 28 * 12},
    {"min_pixels": 28 * 28 * 60},
    {"size": {"shortest_edge": 28 * 28 * 4, "longest_edge": 28 * 28 * 9}},
    {"patch_size": 16, "merge_size": 2},
    {"patch_size": 14, "merge_size": 1, "temporal_patch_size": 1},
    {"do_normalize": False},
    {"do_rescale": False},
    {"do_rescale": False, "do_normalize": False},
    {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]},
]
VARIED = [golden(HERE / name, config) for name in ("rgb.png", "baseline.jpg") for config in CONFIGS]
(HERE / "goldens.json").write_text(json.dumps(PLAIN + VARIED, indent=1) + "\n")


def random_sizes() -> list[list[int]]:
    """Rows of width, height, factor, min_pixels, max_pixels, new width, new height."""
    random = np.random.default_rng(7)
    rows = []
    for _ in range(300):
        side = int(random.integers(0, 3))
        width, height = (int(2 ** random.uniform(2, 12)) for _ in range(2))
        if side == 0:  # halves, which Python rounds to even
            width, height = 14 * int(random.integers(1, 60)), 14 * int(random.integers(1, 60))
        factor = int(random.choice([28, 28, 28, 32, 14]))
        low, high = [(3136, 12845056), (50176, 200704), (4 * factor**2, 64 * factor**2)][side]
        if max(width, height) / min(width, height) > 200:
            continue
        new_height, new_width = smart_resize(height, width, factor, low, high)
        rows.append([width, height, factor, low, high, new_width, new_height])
    return rows


(HERE / "sizes.json").write_text("[\n" + ",\n".join(map(json.dumps, random_sizes())) + "\n]\n")
