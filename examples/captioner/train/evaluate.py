"""How many captions of held-out clips are right word for word when the captioner reads its own. Writes RESULTS.json."""

import json
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from model import Captioner, Config
from scenes import END, FRAME, IDS, WORDS, Scene
from train import HELD_OUT_SEED, LONGEST
from vision import OUT

RESULTS = Path(__file__).parent / "RESULTS.json"
CLIPS, FRAMES = 64, 24


def load(variant: str, path: Path | None = None) -> Captioner:
    model = Captioner(Config(attention=variant))
    model.load_state_dict({k: v.float() for k, v in load_file(path or OUT / f"{variant}.safetensors").items()})
    return model.eval()


@torch.no_grad()
def caption(model: Captioner, images: Tensor, forget: bool = False) -> list[list[str]]:
    """Greedy captions of the frames of clips, images [clips, frames, N, hidden]; every one is read with the next frame,
    unless the model is to forget what it said."""
    clips, frames = images.shape[:2]
    ids = torch.full((clips, frames, LONGEST), -1)
    ids[:, :, 0] = IDS[FRAME]
    for frame in range(frames):
        first = frame if forget else 0
        done = torch.zeros(clips, dtype=torch.bool)
        for length in range(1, LONGEST):
            logits = model(ids[:, first : frame + 1], images[:, first : frame + 1])[:, -1, length - 1]
            token = logits.argmax(-1)
            ids[~done, frame, length] = token[~done]
            done |= token == IDS[END]
            if done.all():
                break
        ids[~done, frame, -1] = IDS[END]
    return [[" ".join(WORDS[i] for i in frame if i > IDS[FRAME]) for frame in clip] for clip in ids.tolist()]


@torch.no_grad()
def held_out(model: Captioner, clips: int, frames: int) -> tuple[Tensor, list[list[str]]]:
    images, truth = [], []
    for clip in range(clips):
        scene, pictures, said = Scene(HELD_OUT_SEED + 1000 + clip), [], []
        for _ in range(frames):
            said.append(scene.next())
            pictures.append(torch.from_numpy(scene.draw()))
        images.append(model.visual(torch.stack(pictures)))
        truth.append(said)
    return torch.stack(images), truth


def exact(said: list[list[str]], truth: list[list[str]]) -> float:
    pairs = [(a, b) for ours, theirs in zip(said, truth) for a, b in zip(ours, theirs)]
    return round(sum(a == b for a, b in pairs) / len(pairs), 4)


def main(variant: str, clips: int) -> None:
    torch.set_num_threads(1)
    start = time.time()
    model = load(variant)
    images, truth = held_out(model, clips, FRAMES)
    said = caption(model, images)
    few = slice(0, clips // 4)
    shuffled = images[few].flatten(0, 1)[torch.randperm(images[few].shape[0] * FRAMES, generator=torch.Generator().manual_seed(0))]
    results = {
        "clips": clips,
        "frames": FRAMES,
        "exact_match": exact(said, truth),
        "whole_clips": round(sum(a == b for a, b in zip(said, truth)) / clips, 4),
        "images_shuffled": exact(caption(model, shuffled.view_as(images[few])), truth[few]),
        "past_forgotten": exact(caption(model, images[few], forget=True), truth[few]),
    }
    wrong = [(f, a, b) for ours, theirs in zip(said, truth) for f, (a, b) in enumerate(zip(ours, theirs)) if a != b]
    for frame, a, b in wrong[:12]:
        print(f"frame {frame}: said {a!r}, right is {b!r}")
    log = OUT / f"{variant}.json"
    results |= json.loads(log.read_text()) if log.exists() else {}
    every = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps(every | {variant: results}, indent=2) + "\n")
    print(variant, results, f"{time.time() - start:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else CLIPS)
