"""Writes the trained captioners as checkpoint folders, and what PyTorch makes of some held-out clips for the tests."""

import hashlib
import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from evaluate import caption, load
from model import Captioner, cut
from scenes import END, FRAME, IDS, WORDS, Scene
from train import HELD_OUT_SEED, tokens_of

HERE = Path(__file__).parent.parent
FOLDERS = {"casa": "weights", "ca": "weights-ca", "insertion": "weights-insertion"}
GOLDEN_FRAMES, CLIPS, CLIP_FRAMES, PICTURES = 3, 6, 12, 6


def config(model: Captioner) -> dict:
    c = model.c
    return {
        "model_type": "casa_llama",
        "architectures": ["CasaLlama"],
        "vocab_size": c.vocab,
        "hidden_size": c.hidden,
        "intermediate_size": c.ffn,
        "num_hidden_layers": c.layers,
        "num_attention_heads": c.heads,
        "num_key_value_heads": c.heads,
        "hidden_act": "silu",
        "rms_norm_eps": c.eps,
        "rope_theta": c.theta,
        "tie_word_embeddings": True,
        "eos_token_id": IDS[END],
        "pre_image_tokens": [],
        "post_image_tokens": [IDS[FRAME]],
        "vision_config": {
            "depth": c.vision_layers,
            "hidden_size": c.vision_hidden,
            "intermediate_size": c.vision_ffn,
            "num_heads": c.vision_heads,
            "in_channels": 3,
            "patch_size": c.patch,
            "temporal_patch_size": 2,
            "spatial_merge_size": c.merge,
            "window_size": 112,
            "out_hidden_size": c.hidden,
            "fullatt_block_indexes": list(range(c.vision_layers)),
            "hidden_act": "silu",
        },
        "fusion": {"attention": c.attention},
    }


def tokenizer() -> dict:
    """Whole words, each with the space before it: byte-level BPE that never merges."""
    special = [{"id": IDS[word], "content": word, "special": True} | dict.fromkeys(FLAGS, False) for word in (END, FRAME)]
    byte_level = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": True,
            "vocab": {word if word in (END, FRAME) else f"Ġ{word}": i for i, word in enumerate(WORDS)},
            "merges": [],
        },
    }


FLAGS = ["single_word", "lstrip", "rstrip", "normalized"]
OTHERS = {
    "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": END, "clean_up_tokenization_spaces": False},
    "generation_config.json": {"eos_token_id": IDS[END], "do_sample": False, "max_new_tokens": 20},
    "preprocessor_config.json": {
        "image_processor_type": "Qwen2VLImageProcessor",
        "min_pixels": 112 * 112,
        "max_pixels": 112 * 112,
        "patch_size": 14,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    },
}


def write_folder(model: Captioner, variant: str) -> None:
    folder = HERE / FOLDERS[variant]
    folder.mkdir(exist_ok=True)
    for name, value in {"config.json": config(model), "tokenizer.json": tokenizer(), **OTHERS}.items():
        (folder / name).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
    dtype = torch.float32 if variant == "casa" else torch.float16
    weights = {name: value.to(dtype).contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


@torch.no_grad()
def write_golden(model: Captioner, variant: str) -> None:
    """The first frames of a held-out clip: inputs, image tokens, logits of every text token, and what follows."""
    scene, frames, text = Scene(HELD_OUT_SEED), [], []
    for _ in range(GOLDEN_FRAMES):
        text.append(tokens_of(scene.next()))
        frames.append(torch.from_numpy(scene.draw()))
    frames = torch.stack(frames)
    images = model.visual(frames)
    longest = max(map(len, text))
    ids = torch.tensor([line + [-1] * (longest - len(line)) for line in text])
    prompt = len(text[-1]) - 5  # > 0; the golden ends within the last caption; the rest is what greedy decoding says
    real = ids >= 0
    real[-1, prompt:] = False
    logits = model(ids.where(real, -1)[None], images[None])[0]
    greedy, now = [], ids[-1, :prompt].tolist()
    for _ in range(5):
        ids[-1, : len(now)] = torch.tensor(now)
        ids[-1, len(now) :] = -1
        greedy.append(model(ids[None], images[None])[0, -1, len(now) - 1].argmax().item())
        now.append(greedy[-1])
    starts = [0, *torch.tensor([len(line) for line in text[:-1]]).cumsum(0).tolist()]
    tensors = {
        "input_ids": torch.tensor(sum(text[:-1], []) + text[-1][:prompt]),
        "insertion_points": torch.tensor(starts),
        "image_embeds": images.flatten(0, 1),
        "image_grid_thw": torch.tensor([[1, 8, 8]] * GOLDEN_FRAMES),
        "logits": logits[real],
        "greedy": torch.tensor(greedy),
    }
    if variant == "casa":
        pixels = cut(frames, model.c)[0].view(-1, 3, 1, 14, 14).expand(-1, -1, 2, -1, -1)
        tensors["pixel_values"] = pixels.reshape(-1, 3 * 2 * 14 * 14)
    tensors = {k: v.contiguous().to(torch.int32 if v.dtype == torch.int64 else v.dtype) for k, v in tensors.items()}
    (HERE / "golden").mkdir(exist_ok=True)
    save_file(tensors, HERE / "golden" / f"{variant}.safetensors")


def write_clips(models: dict[str, Captioner]) -> None:
    """What every variant says of held-out clips, word for word, and hashes of their frames."""
    clips, pictures = [], HERE / "golden" / "frames"
    pictures.mkdir(exist_ok=True)
    for seed in range(HELD_OUT_SEED, HELD_OUT_SEED + CLIPS):
        scene, sha, truth, frames = Scene(seed), hashlib.sha256(), [], []
        for _ in range(CLIP_FRAMES):
            truth.append(scene.next())
            frames.append(torch.from_numpy(scene.draw()))
            sha.update(frames[-1].numpy().tobytes())
            if seed == HELD_OUT_SEED and len(frames) <= PICTURES:
                (pictures / f"{len(frames)}.png").write_bytes(png(frames[-1].numpy()))
        said = {name: caption(model, model.visual(torch.stack(frames))[None])[0] for name, model in models.items()}
        clips.append({"seed": seed, "sha256": sha.hexdigest(), "truth": truth, "said": said})
    (HERE / "golden" / "clips.json").write_text(json.dumps(clips, indent=1) + "\n")


def png(frame: np.ndarray) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, _ = frame.shape
    rows = b"".join(b"\0" + row.tobytes() for row in frame)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


if __name__ == "__main__":
    trained = {variant: load(variant) for variant in sys.argv[1:] or FOLDERS}
    with torch.no_grad():
        for name, trained_model in trained.items():
            write_folder(trained_model, name)
            # Of the folder's own weights: two of them are stored in half precision.
            trained[name] = load(name, HERE / FOLDERS[name] / "model.safetensors")
            write_golden(trained[name], name)
        write_clips(trained)
