"""The captioner in plain PyTorch: Qwen2.5-VL's image encoder, and a Llama decoder that images enter in one of three ways.

Names of modules are those of public checkpoints, so a state dict is a checkpoint. Sources: transformers' Llama and
Qwen2.5-VL; for the fusion layer arXiv 2512.19535.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass
class Config:
    attention: str = "casa"  # casa | ca | insertion
    vocab: int = 32
    hidden: int = 128
    ffn: int = 256
    layers: int = 4
    heads: int = 4
    eps: float = 1e-6
    theta: float = 1e4
    vision_hidden: int = 64
    vision_ffn: int = 128
    vision_layers: int = 2
    vision_heads: int = 4
    patch: int = 14
    merge: int = 2


class RMSNorm(nn.Module):
    def __init__(self, width: int, eps: float):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(width)), eps

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class MLP(nn.Module):
    def __init__(self, width: int, ffn: int, bias: bool):
        super().__init__()
        self.gate_proj, self.up_proj = nn.Linear(width, ffn, bias), nn.Linear(width, ffn, bias)
        self.down_proj = nn.Linear(ffn, width, bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


def rotate(x: Tensor, angles: Tensor) -> Tensor:
    """Rotary embedding, pairs i and i + d/2. x [B, heads, S, d], angles [B, S, d/2]."""
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def split(x: Tensor, heads: int) -> Tensor:
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merge(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)


class VisionAttention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor, angles: Tensor) -> Tensor:
        q, k, v = (split(part, self.heads) for part in self.qkv(x).chunk(3, -1))
        return self.proj(merge(F.scaled_dot_product_attention(rotate(q, angles), rotate(k, angles), v)))


class VisionBlock(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.norm1, self.norm2 = RMSNorm(c.vision_hidden, 1e-6), RMSNorm(c.vision_hidden, 1e-6)
        self.attn = VisionAttention(c.vision_hidden, c.vision_heads)
        self.mlp = MLP(c.vision_hidden, c.vision_ffn, True)

    def forward(self, x: Tensor, angles: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x), angles)
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.proj = nn.Conv3d(3, c.vision_hidden, (2, c.patch, c.patch), (2, c.patch, c.patch), bias=False)

    def forward(self, patches: Tensor) -> Tensor:
        """patches [..., 3 · 14 · 14] of a still, which is shown twice."""
        return F.linear(patches, self.proj.weight.sum(2).flatten(1))


class Merger(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.width = c.vision_hidden * c.merge**2
        self.ln_q = RMSNorm(c.vision_hidden, 1e-6)
        self.mlp = nn.Sequential(nn.Linear(self.width, self.width), nn.GELU(), nn.Linear(self.width, c.hidden))

    def forward(self, x: Tensor) -> Tensor:
        return self.mlp(self.ln_q(x).unflatten(1, (-1, self.width // x.shape[-1])).flatten(2))


class Vision(nn.Module):
    """Frames to image tokens: uint8 [B, H, W, 3] → [B, H/28 · W/28, hidden]. Every block attends over the whole image."""

    def __init__(self, c: Config):
        super().__init__()
        self.c = c
        self.patch_embed, self.merger = PatchEmbed(c), Merger(c)
        self.blocks = nn.ModuleList(VisionBlock(c) for _ in range(c.vision_layers))

    def forward(self, frames: Tensor) -> Tensor:
        patches, rows, columns = cut(frames, self.c)
        x = self.patch_embed(patches)
        angles = self.angles(rows, columns).expand(len(x), -1, -1)
        for block in self.blocks:
            x = block(x, angles)
        return self.merger(x)

    def angles(self, rows: int, columns: int) -> Tensor:
        """Half of the pairs turn with a patch's row, the others with its column; patches as `cut` has them."""
        m, quarter = self.c.merge, self.c.vision_hidden // self.c.vision_heads // 4
        frequencies = 1e4 ** (-torch.arange(quarter) / quarter)
        grid = torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij"), -1)
        grid = grid.view(rows // m, m, columns // m, m, 2).transpose(1, 2).reshape(-1, 2)
        return (grid[:, :, None] * frequencies).flatten(1)


def cut(frames: Tensor, c: Config) -> tuple[Tensor, int, int]:
    """Normalised patches [B, patches, 3 · 14 · 14] of frames: the four that become one token follow each other."""
    b, height, width, _ = frames.shape
    rows, columns, m, p = height // c.patch, width // c.patch, c.merge, c.patch
    x = (frames.float() - 127.5) / 127.5  # image_mean and image_std of 0.5
    x = x.view(b, rows // m, m, p, columns // m, m, p, 3).permute(0, 1, 4, 2, 5, 7, 3, 6)
    return x.reshape(b, rows * columns, 3 * p * p), rows, columns


class Attention(nn.Module):
    """The projections of self-attention and of a fusion layer; without biases."""

    def __init__(self, c: Config):
        super().__init__()
        self.heads = c.heads
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            setattr(self, name, nn.Linear(c.hidden, c.hidden, False))

    def forward(self, x: Tensor, angles: Tensor, mask: Tensor) -> Tensor:
        q, k, v = (split(proj(x), self.heads) for proj in (self.q_proj, self.k_proj, self.v_proj))
        mixed = F.scaled_dot_product_attention(rotate(q, angles), rotate(k, angles), v, attn_mask=mask)
        return self.o_proj(merge(mixed))

    def fuse(self, x: Tensor, y: Tensor, angles: Tensor | None, mask: Tensor | None) -> Tensor:
        """x [W, L, hidden]: the text of windows; y [W, N, hidden]: their images. CASA if there are angles, CA if not."""
        q = split(self.q_proj(x), self.heads)
        k, v = split(self.k_proj(y), self.heads), split(self.v_proj(y), self.heads)
        if angles is not None:  # of the image at its frozen position, then of the text
            n = y.shape[1]
            k = torch.cat([k, split(self.k_proj(x), self.heads)], 2)
            v = torch.cat([v, split(self.v_proj(x), self.heads)], 2)
            q, k = rotate(q, angles[:, n:]), rotate(k, angles)
        return self.o_proj(merge(F.scaled_dot_product_attention(q, k, v, attn_mask=mask)))


class Block(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.self_attn, self.mlp = Attention(c), MLP(c.hidden, c.ffn, False)
        self.input_layernorm, self.post_attention_layernorm = RMSNorm(c.hidden, c.eps), RMSNorm(c.hidden, c.eps)
        if c.attention != "insertion":
            self.casa_attn = Attention(c)


class Decoder(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.embed_tokens = nn.Embedding(c.vocab, c.hidden)
        self.layers = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.norm = RMSNorm(c.hidden, c.eps)


class Captioner(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.c, self.visual, self.model = c, Vision(c), Decoder(c)
        for name, p in self.model.named_parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=0.02 if "o_proj" in name or "down_proj" in name else 0.06)

    def forward(self, ids: Tensor, images: Tensor) -> Tensor:
        """Logits [B, frames, L, vocab] of ids [B, frames, L], filled up with −1 at the end of every frame, and images
        [B, frames, N, hidden]. The window of a frame is its text."""
        b, f, l = ids.shape
        n = images.shape[2]
        real = ids >= 0
        x = self.model.embed_tokens(ids.clamp(min=0))
        if self.c.attention == "insertion":
            x = torch.cat([images, x], 2).flatten(1, 2)
            real = torch.cat([torch.ones(b, f, n, dtype=torch.bool), real], 2)
        else:
            x = x.flatten(1, 2)
        positions = real.flatten(1).cumsum(1) - 1
        angles = self.angles(positions)
        s = x.shape[1]
        causal = torch.ones(s, s, dtype=torch.bool).tril() & real.flatten(1)[:, None] | torch.eye(s, dtype=torch.bool)
        window_angles, window_mask = None, None
        if self.c.attention == "casa":
            p = positions.view(b, f, l)
            window_angles = self.angles(torch.cat([p[:, :, :1].expand(-1, -1, n), p], 2).flatten(0, 1))
            window_mask = torch.ones(l, n + l, dtype=torch.bool).tril(n)
        y = images.flatten(0, 1)
        for block in self.model.layers:
            h = block.input_layernorm(x)
            d = block.self_attn(h, angles, causal[:, None])
            if self.c.attention != "insertion":
                d = d + block.casa_attn.fuse(h.view(b * f, l, -1), y, window_angles, window_mask).view_as(x)
            x = x + d
            x = x + block.mlp(block.post_attention_layernorm(x))
        x = self.model.norm(x).view(b, f, -1, self.c.hidden)[:, :, -l:]
        return x @ self.model.embed_tokens.weight.T

    def angles(self, positions: Tensor) -> Tensor:
        d = self.c.hidden // self.c.heads
        return positions[..., None] * self.c.theta ** (-torch.arange(0, d, 2) / d)
