"""Teaches the image encoder to see, before any text: what each of its tokens holds. Writes out/vision.safetensors."""

import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from model import Config, Vision
from scenes import COLORS, SHAPES, SIDE, SIZES, Scene

OUT = Path(__file__).parent / "out"
PARTS = [1, 3, 3, 3, 2]  # of a colour: is it in the token's square; its row, column, shape and size
WEIGHTS = [1, 1, 3, 1]  # shapes are the hardest to tell apart
CELL = 28


def targets(scene: Scene) -> np.ndarray:
    """[16 tokens, colours, PARTS]: whether a shape of the colour reaches into the token's square of pixels, and what it is."""
    what = np.zeros((16, len(COLORS), len(PARTS)), np.int64)
    for thing in scene.things:
        r = SIZES[thing.size] - 4  # a thin edge does not count
        known = [1, thing.row, thing.column, SHAPES.index(thing.shape), list(SIZES).index(thing.size)]
        for row in range((thing.y - r) // CELL, (thing.y + r) // CELL + 1):
            for column in range((thing.x - r) // CELL, (thing.x + r) // CELL + 1):
                what[row * (SIDE // CELL) + column, list(COLORS).index(thing.color)] = known
    return what


def batch(seed: int, frames: int = 128) -> tuple[torch.Tensor, torch.Tensor]:
    pictures, what = [], []
    for clip in range(frames // 8):
        scene = Scene(seed * 1000 + clip)
        for i in range(16):
            scene.next()
            if i % 2:
                pictures.append(scene.draw())
                what.append(targets(scene))
    return torch.from_numpy(np.stack(pictures)), torch.from_numpy(np.stack(what))


def loss_of(logits: torch.Tensor, what: torch.Tensor) -> tuple[torch.Tensor, float]:
    logits = logits.unflatten(-1, (len(COLORS), sum(PARTS)))
    there = what[..., 0] == 1
    present, *rest = logits.split(PARTS, -1)
    loss = F.binary_cross_entropy_with_logits(present[..., 0], there.float()) * 5
    right = ((present[..., 0] > 0) == there).all(-1).all(-1)
    for i, part in enumerate(rest):
        loss = loss + WEIGHTS[i] * F.cross_entropy(part[there], what[..., i + 1][there])
        right &= ((part.argmax(-1) == what[..., i + 1]) | ~there).all(-1).all(-1)
    return loss, right.float().mean().item()


def train(vision: Vision, steps: int, seed: int) -> None:
    torch.manual_seed(seed)
    head = nn.Linear(vision.c.hidden, len(COLORS) * sum(PARTS))
    params = [*vision.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(params, 3e-3, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, steps, pct_start=0.1)
    start, right = time.time(), 0.0
    for step in range(steps):
        frames, what = batch(seed * 100_000 + step)
        loss, all_right = loss_of(head(vision(frames)), what)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        schedule.step()
        right = 0.95 * right + 0.05 * all_right
        if step % 25 == 0 or step == steps - 1:
            print(f"{step:5d} loss {loss.item():.4f}  frames all right {right:.4f}  {time.time() - start:.0f} s", flush=True)


def main() -> None:
    torch.set_num_threads(1)
    OUT.mkdir(exist_ok=True)
    for stale in OUT.glob("clips-*.safetensors"):  # train.py's; they hold image tokens of another encoder
        stale.unlink()
    torch.manual_seed(1)
    vision = Vision(Config())
    for seed, steps in enumerate((700, 500, 600), 1):  # with warm restarts
        train(vision, steps, seed)
    scale(vision)
    save_file({k: v.contiguous() for k, v in vision.state_dict().items()}, OUT / "vision.safetensors")


@torch.no_grad()
def scale(vision: Vision) -> None:
    """Makes image tokens as large as a norm would: the decoder takes them without one."""
    size = vision(batch(0)[0]).std()
    vision.merger.mlp[2].weight /= size
    vision.merger.mlp[2].bias /= size


if __name__ == "__main__":
    main()
