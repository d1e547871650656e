"""What `torch.onnx.export` makes of the PyTorch model: one token or more, with caches that grow.

    python export_torch.py ORACLE CHECKPOINT OUT.onnx

ORACLE is the folder of casa_oracle.py; the model is its CasaDecoder, as it stands, with the checkpoint's weights.
"""
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import LlamaConfig

oracle, checkpoint, out = map(Path, sys.argv[1:4])
sys.path.insert(0, str(oracle))
from casa_oracle import CasaDecoder, Fusion  # noqa: E402

raw = json.loads((checkpoint / "config.json").read_text())
fields = (
    "vocab_size hidden_size intermediate_size num_hidden_layers num_attention_heads num_key_value_heads head_dim "
    "hidden_act rms_norm_eps attention_bias mlp_bias tie_word_embeddings"
).split()
config = LlamaConfig(
    **{name: raw[name] for name in fields}, rope_parameters={"rope_type": "default", "rope_theta": raw["rope_theta"]}
)
config._attn_implementation = "eager"
model = CasaDecoder(config, Fusion(layers=[])).eval().float()
weights = {}
for shard in sorted(checkpoint.glob("*.safetensors")):
    weights.update(load_file(shard))
model.load_state_dict({name: value.float() for name, value in weights.items()})


class Step(nn.Module):
    """The oracle's streaming pass with its caches as inputs and outputs; logits of the last token."""

    def __init__(self):
        super().__init__()
        self.decoder = model

    def forward(self, input_ids, position_ids, *caches):
        d = self.decoder
        x = d.model.embed_tokens(input_ids)
        past, seq = caches[0].shape[1], input_ids.shape[0]
        keys = torch.arange(past + seq)
        causal = keys[None] <= past + torch.arange(seq)[:, None]
        none = torch.zeros(0, config.hidden_size)
        presents = []
        for i in range(config.num_hidden_layers):
            cache = {"k": caches[2 * i], "v": caches[2 * i + 1]}
            all_caches = {"sa": {i: cache}, "ca": {i: {}}}
            x, _ = d.block(i, x, none, position_ids, position_ids, causal, causal, causal, all_caches)
            presents += [cache["k"], cache["v"]]
        return d.lm_head(d.model.norm(x[-1:])), *presents


kv, size = config.num_key_value_heads, config.head_dim
example = [torch.zeros(kv, 7, size) for _ in range(2 * config.num_hidden_layers)]
names = [f"{layer}.{part}" for layer in range(config.num_hidden_layers) for part in ("key", "value")]
past, seq = torch.export.Dim("past", min=1, max=65536), torch.export.Dim("seq", min=1, max=4096)
with torch.no_grad():
    torch.onnx.export(
        Step(),
        (torch.tensor([3, 4, 5]), torch.tensor([7, 8, 9]), *example),
        str(out),
        dynamo=True,
        opset_version=23,
        external_data=True,
        optimize=True,
        input_names=["input_ids", "position_ids", *(f"past.{name}" for name in names)],
        output_names=["logits", *(f"present.{name}" for name in names)],
        dynamic_shapes={"input_ids": {0: seq}, "position_ids": {0: seq}, "caches": tuple({1: past} for _ in example)},
    )
