"""Trains one captioner on clips of scenes: python train.py casa|ca|insertion [steps]. Writes out/VARIANT.safetensors.

The image encoder is the one that vision.py made, and stays as it is: so all frames are encoded once, for all variants.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from model import Captioner, Config, Vision
from scenes import END, FRAME, IDS, Scene, encode
from vision import OUT

FRAMES = 24  # of a clip
LONGEST = 13  # tokens of a frame
CLIPS = 6_000
BATCH = 6  # clips of a step
TRAIN_SEED, HELD_OUT_SEED = 1_000_000, 2_000_000_000


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


def main(variant: str, steps: int, seed: int = 1) -> None:
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    vision = load_vision()
    ids, images = cached_clips(vision, "clips", TRAIN_SEED, CLIPS, FRAMES)
    model = Captioner(Config(attention=variant))
    model.visual.load_state_dict(vision.state_dict())
    model.visual.requires_grad_(False)
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(params, 2e-3, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps, pct_start=0.05)
    start, right, order = time.time(), 0.0, torch.randperm(CLIPS)
    for step in range(steps):
        first = step * BATCH % CLIPS
        if first == 0:
            order = torch.randperm(CLIPS)
        chosen = order[first : first + BATCH]
        loss, exact = loss_of(model, ids[chosen], images[chosen])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        schedule.step()
        right = 0.95 * right + 0.05 * exact
        if step % 100 == 0 or step == steps - 1:
            print(f"{step:5d} loss {loss.item():.4f}  captions right {right:.4f}  {time.time() - start:.0f} s", flush=True)
            save_file({k: v.contiguous() for k, v in model.state_dict().items()}, OUT / f"{variant}.safetensors")
    log = {"seed": seed, "steps": steps, "clips": CLIPS, "batch": [BATCH, FRAMES], "minutes": round((time.time() - start) / 60)}
    (OUT / f"{variant}.json").write_text(json.dumps(log))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2600)
