"""Trains one captioner on clips of scenes: python train.py casa|ca|insertion. Writes out/VARIANT.safetensors.

The image encoder is the one that vision.py made, and stays as it is: so all frames are encoded once, for all variants.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass, replace

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from model import Captioner, Config, Vision
from scenes import END, FRAME, IDS, Scene, encode
from vision import OUT

LONGEST = 13  # tokens of a frame
TRAIN_SEED, HELD_OUT_SEED = 1_000_000, 2_000_000_000


@dataclass
class Stage:
    frames: int  # of a clip
    clips: int
    batch: int  # clips of a step
    rate: float
    steps: int
    until: int | None = None  # leave out the rest of the steps


SHORT = Stage(frames=24, clips=6_000, batch=6, rate=2e-3, steps=2600)
LONG = Stage(frames=64, clips=400, batch=3, rate=4e-4, steps=300)
STAGES = {
    "casa": [SHORT, LONG],
    "ca": [SHORT, LONG],
    # It learns the fastest, and a step of it costs the most.
    "insertion": [replace(SHORT, until=1301), replace(LONG, batch=1)],
}


def tokens_of(caption: str) -> list[int]:
    """A frame's text: its delimiter, the caption and the stop token."""
    return [IDS[FRAME], *encode(caption), IDS[END]]


def load_vision() -> Vision:
    vision = Vision(Config())
    vision.load_state_dict(load_file(OUT / "vision.safetensors"))
    return vision.eval()


@torch.no_grad()
def make_clips(vision: Vision, seed: int, clips: int, frames: int) -> tuple[Tensor, Tensor]:
    """ids i8 [clips, frames, LONGEST], filled up with −1, and image tokens bf16 [clips, frames, 16, hidden]."""
    ids = torch.full((clips, frames, LONGEST), -1, dtype=torch.int8)
    images = torch.empty(clips, frames, 16, vision.c.hidden, dtype=torch.bfloat16)
    for clip in range(clips):
        scene, pictures = Scene(seed + clip), []
        for frame in range(frames):
            text = tokens_of(scene.next())
            ids[clip, frame, : len(text)] = torch.tensor(text)
            pictures.append(torch.from_numpy(scene.draw()))
        images[clip] = vision(torch.stack(pictures))
    return ids, images


def cached_clips(vision: Vision, name: str, seed: int, clips: int, frames: int) -> tuple[Tensor, Tensor]:
    path = OUT / f"{name}.safetensors"
    if not path.exists():
        ids, images = make_clips(vision, seed, clips, frames)
        save_file({"ids": ids, "images": images}, path)
    data = load_file(path)
    return data["ids"], data["images"]


def loss_of(model: Captioner, ids: Tensor, images: Tensor) -> tuple[Tensor, float]:
    """Of every token after a frame's delimiter; and how many captions are right all through, the past given."""
    ids = ids.long()
    logits, wanted = model(ids, images.float())[:, :, :-1], ids[:, :, 1:]
    loss = F.cross_entropy(logits.flatten(0, 2), wanted.flatten(), ignore_index=-1)
    exact = ((logits.argmax(-1) == wanted) | (wanted < 0)).all(-1).float().mean().item()
    return loss, exact


def train(model: Captioner, data: tuple[Tensor, Tensor], stage: Stage, seed: int, name: str) -> None:
    ids, images = data
    torch.manual_seed(seed)
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(params, stage.rate, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, stage.rate, stage.steps, pct_start=0.05)
    start, right, order = time.time(), 0.0, torch.randperm(len(ids))
    for step in range(stage.until or stage.steps):
        first = step * stage.batch % (len(ids) - len(ids) % stage.batch)
        if first == 0:
            order = torch.randperm(len(ids))
        chosen = order[first : first + stage.batch]
        loss, exact = loss_of(model, ids[chosen], images[chosen])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        schedule.step()
        right = 0.95 * right + 0.05 * exact
        if step % 50 == 0 or step + 1 == (stage.until or stage.steps):
            print(f"{step:5d} loss {loss.item():.4f}  captions right {right:.4f}  {time.time() - start:.0f} s", flush=True)
            save_file({k: v.contiguous() for k, v in model.state_dict().items()}, OUT / f"{name}.safetensors")


def main(variant: str, seed: int = 1) -> None:
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    start, vision = time.time(), load_vision()
    model = Captioner(Config(attention=variant))
    model.visual.load_state_dict(vision.state_dict())
    model.visual.requires_grad_(False)
    stages = STAGES[variant]
    for i, stage in enumerate(stages):
        data = cached_clips(vision, f"clips-{stage.frames}", TRAIN_SEED * (i + 1), stage.clips, stage.frames)
        train(model, data, stage, seed + i, variant)
    log = {"seed": seed, "stages": [asdict(stage) for stage in stages], "minutes": round((time.time() - start) / 60)}
    (OUT / f"{variant}.json").write_text(json.dumps(log))


if __name__ == "__main__":
    main(sys.argv[1])
