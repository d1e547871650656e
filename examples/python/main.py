"""Runs the ONNX files of an artifact of --profile onnx with onnxruntime alone: python main.py MODEL"""

import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "model")
sessions = {file.stem: ort.InferenceSession(file) for file in folder.glob("*.onnx")}
dtypes = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int32)": np.int32, "tensor(int64)": np.int64}
caches = {}
if any(spec.name.startswith("seqlens_k") for spec in sessions["step"].get_inputs()):
    sys.exit(f"{folder} was built with --profile ort, which wants lengths and caches at full capacity: use --profile onnx")


def run(entry, **given):
    """Runs an entry. Its caches (past_key_values.0.key, window.0.key, …) start empty and are kept from run to run."""
    session = sessions[entry]
    inputs = {}
    for spec in session.get_inputs():
        empty = [size if isinstance(size, int) else 0 for size in spec.shape]
        value = given[spec.name] if spec.name in given else caches.get(spec.name, np.zeros(empty))
        inputs[spec.name] = np.asarray(value, dtypes[spec.type])
    outputs = dict(zip([spec.name for spec in session.get_outputs()], session.run(None, inputs)))
    for name in [name for name in outputs if name.startswith("present")]:
        caches[name.replace("present_window", "window").replace("present", "past_key_values")] = outputs.pop(name)
    return outputs


# What an image encoder would give: four image tokens, which stand before the first text token.
hidden = next(spec.shape[-1] for spec in sessions["openWindow"].get_inputs() if spec.name == "image_embeds")
image = np.sin(np.arange(4 * hidden)).reshape(1, 4, hidden)
run("openWindow", image_embeds=image, image_position_ids=[[0] * 4])

ids, position, tokens = [1, 2, 3], 0, []
for _ in range(16):
    places = np.arange(position, position + len(ids))
    logits = run("step", input_ids=[ids], position_ids=[places], logits_to_keep=[len(ids) - 1])["logits"]
    position += len(ids)
    ids = [int(logits[0, -1].argmax())]
    tokens += ids
print("onnxruntime:", *tokens)
