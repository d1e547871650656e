"""How many captions of held-out clips are right word for word when the captioner reads its own. Writes RESULTS.json."""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from model import Captioner, Config
from scenes import END, FRAME, IDS, WORDS, Scene
from train import HELD_OUT_SEED, LONGEST, tokens_of
from vision import OUT

RESULTS = Path(__file__).parent / "RESULTS.json"
CLIPS, FRAMES = 100, 24
FEW = 8  # clips for what should fail, and is slow


def load(variant: str, path: Path | None = None) -> Captioner:
    model = Captioner(Config(attention=variant))
    model.load_state_dict({k: v.float() for k, v in load_file(path or OUT / f"{variant}.safetensors").items()})
    return model.eval()


@torch.no_grad()
def caption(model: Captioner, images: Tensor, forget: bool = False) -> list[list[str]]:
    """Greedy captions of the frames of clips, images [clips, frames, N, hidden]. Every caption is read with the next frame,
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
    return words(ids)


@torch.no_grad()
def caption_like(model: Captioner, images: Tensor, draft: list[list[str]]) -> list[list[str]]:
    """The same as `caption`, faster where a draft is nearly right: as in speculative decoding, a pass of the model confirms
    all of a clip up to the first token that greedy decoding would not have chosen, which is then replaced."""
    ids = torch.full((*images.shape[:2], LONGEST), -1)
    for clip, captions in enumerate(draft):
        for frame, text in enumerate(captions):
            ids[clip, frame, : len(tokens_of(text))] = torch.tensor(tokens_of(text))
    unconfirmed = list(range(len(ids)))
    while unconfirmed:
        chosen = model(ids[unconfirmed], images[unconfirmed]).argmax(-1)[:, :, : LONGEST - 2]
        wrong = (chosen != ids[unconfirmed][:, :, 1:-1]) & (ids[unconfirmed][:, :, 1:-1] >= 0)
        for i, clip in enumerate(list(unconfirmed)):
            if not wrong[i].any():
                unconfirmed.remove(clip)
                continue
            frame, at = divmod(int(wrong[i].flatten().int().argmax()), LONGEST - 2)
            was, ids[clip, frame, at + 1] = int(ids[clip, frame, at + 1]), chosen[i, frame, at]
            if chosen[i, frame, at] == IDS[END]:
                ids[clip, frame, at + 2 :] = -1
            elif was == IDS[END]:
                ids[clip, frame, at + 2] = IDS[END]
    return words(ids)


def words(ids: Tensor) -> list[list[str]]:
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


def main(variant: str) -> None:
    torch.set_num_threads(1)
    model = load(variant)
    images, truth = held_out(model, CLIPS, FRAMES)
    said = caption_like(model, images, truth)
    assert caption(model, images[:2]) == said[:2]
    (OUT / f"{variant}-said.json").write_text(json.dumps(said))
    few, order = images[:FEW].flatten(0, 1), torch.randperm(FEW * FRAMES, generator=torch.Generator().manual_seed(0))
    results = json.loads((OUT / f"{variant}.json").read_text()) | {
        "clips": CLIPS,
        "frames": FRAMES,
        "exact_match": exact(said, truth),
        "whole_clips": round(sum(a == b for a, b in zip(said, truth)) / CLIPS, 4),
        "images_shuffled": exact(caption(model, few[order].view_as(images[:FEW])), truth[:FEW]),
        "past_forgotten": exact(caption(model, images[:FEW], forget=True), truth[:FEW]),
    }
    wrong = [(i, a, b) for ours, theirs in zip(said, truth) for i, (a, b) in enumerate(zip(ours, theirs)) if a != b]
    for frame, a, b in wrong[:10]:
        print(f"frame {frame}: said {a!r}, right is {b!r}")
    every = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps(every | {variant: results}, indent=2) + "\n")
    print(variant, results)


if __name__ == "__main__":
    main(sys.argv[1])
