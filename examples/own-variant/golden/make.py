"""The same model in PyTorch, with random weights: writes ../checkpoint/model.safetensors and ../golden.safetensors. By hand:

    pip install torch safetensors
    python examples/own-variant/golden/make.py
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = Path(__file__).parent.parent
VOCAB, HIDDEN, FFN, HEADS, KV_HEADS, HEAD_DIM, LAYERS = 97, 48, 80, 6, 2, 8, 3
EPS, THETA = 1e-6, 10000.0
IMAGES, TEXT = [(3, 7), (12, 4)], 20  # (text tokens before it, image tokens)


def rope(x, positions):
    angles = positions[:, None] / THETA ** (torch.arange(0, HEAD_DIM, 2) / HEAD_DIM)
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def heads(x, weight, count, positions=None):
    x = F.linear(x, weight).view(-1, count, HEAD_DIM)
    return x if positions is None else rope(x, positions)


def attend(p, q, k, v, visible):
    k, v = (t.repeat_interleave(HEADS // KV_HEADS, 1).transpose(0, 1) for t in (k, v))
    mixed = F.scaled_dot_product_attention(q.transpose(0, 1), k, v, attn_mask=visible)
    # A row that sees nothing adds nothing; softmax of nothing would be NaN.
    mixed = torch.where(visible.any(-1)[:, None], mixed, 0.0)
    return F.linear(mixed.transpose(0, 1).flatten(1), p["o_proj.weight"])


def self_attention(p, x, t):
    q, k = heads(x, p["q_proj.weight"], HEADS, t), heads(x, p["k_proj.weight"], KV_HEADS, t)
    return attend(p, q, k, heads(x, p["v_proj.weight"], KV_HEADS), t[:, None] >= t)


def gated_fusion(p, x, t, images):
    """F(x_T) = tanh(g) · o MHA(q x_T | k [y, x], v [y, x]): all images are keys, and each row sees those of its window."""
    window = sum((t >= start).long() for start, _ in images)
    y = torch.cat([embeds for _, embeds in images])
    y_window = torch.cat([torch.full((len(e),), i + 1) for i, (_, e) in enumerate(images)])
    y_t = torch.cat([torch.full((len(e),), start) for start, e in images])
    source, at = torch.cat([y, x]), torch.cat([y_t, t])
    k, v = heads(source, p["k_proj.weight"], KV_HEADS, at), heads(source, p["v_proj.weight"], KV_HEADS)
    same = window[:, None] == torch.cat([y_window, window])
    before = torch.cat([torch.ones(len(t), len(y)), (t[:, None] >= t).float()], 1).bool()
    mixed = attend(p, heads(x, p["q_proj.weight"], HEADS, t), k, v, same & before)
    return torch.tanh(p["gate"]) * mixed


def forward(w, ids, images):
    t = torch.arange(len(ids))
    x = w["embed.weight"][ids]
    for i in range(LAYERS):
        p = lambda part: {k[len(f"layers.{i}.{part}."):]: v for k, v in w.items() if k.startswith(f"layers.{i}.{part}.")}
        norm = lambda name, x: F.rms_norm(x, (HIDDEN,), w[f"layers.{i}.{name}.weight"], EPS)
        x = x + self_attention(p("self_attn"), norm("input_norm", x), t)
        x = x + gated_fusion(p("gated_attn"), norm("fusion_norm", x), t, images)
        m, n = p("mlp"), norm("mlp_norm", x)
        x = x + F.linear(F.silu(F.linear(n, m["gate_proj.weight"])) * F.linear(n, m["up_proj.weight"]), m["down_proj.weight"])
    return F.linear(F.rms_norm(x, (HIDDEN,), w["norm.weight"], EPS), w["lm_head.weight"])


def weights():
    shapes = {"embed.weight": (VOCAB, HIDDEN), "lm_head.weight": (VOCAB, HIDDEN), "norm.weight": (HIDDEN,)}
    projections = {"q": (HEADS * HEAD_DIM, HIDDEN), "k": (KV_HEADS * HEAD_DIM, HIDDEN), "v": (KV_HEADS * HEAD_DIM, HIDDEN),
                   "o": (HIDDEN, HEADS * HEAD_DIM)}
    for i in range(LAYERS):
        for attention in ("self_attn", "gated_attn"):
            shapes |= {f"layers.{i}.{attention}.{name}_proj.weight": shape for name, shape in projections.items()}
        shapes |= {f"layers.{i}.{name}.weight": (HIDDEN,) for name in ("input_norm", "fusion_norm", "mlp_norm")}
        shapes |= {f"layers.{i}.mlp.{name}_proj.weight": (FFN, HIDDEN) for name in ("gate", "up")}
        shapes |= {f"layers.{i}.mlp.down_proj.weight": (HIDDEN, FFN), f"layers.{i}.gated_attn.gate": (1,)}
    # Norms and gates far from 1 and 0, so that a model without them is wrong.
    draw = lambda shape: torch.randn(shape) / shape[-1] ** 0.5 if len(shape) > 1 else 0.5 + torch.rand(shape)
    return {name: draw(shape) for name, shape in shapes.items()}


@torch.no_grad()
def main():
    torch.manual_seed(0)
    w = weights()
    ids = torch.randint(VOCAB, (TEXT,))
    images = [(start, torch.randn(count, HIDDEN)) for start, count in IMAGES]
    logits = forward(w, ids, images)
    longer = ids
    for _ in range(8):
        longer = torch.cat([longer, forward(w, longer, images)[-1:].argmax(-1)])
    (HERE / "checkpoint").mkdir(exist_ok=True)
    save_file(w, HERE / "checkpoint/model.safetensors")
    golden = {
        "input_ids": ids.int(),
        "image_embeds": torch.cat([embeds for _, embeds in images]),
        "image_lengths": torch.tensor([count for _, count in IMAGES]).int(),
        "insertion_points": torch.tensor([start for start, _ in IMAGES]).int(),
        "logits": logits,
        "greedy": longer[TEXT:].int(),
    }
    save_file(golden, HERE / "golden.safetensors")


main()
