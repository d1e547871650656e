import type { Contract } from './contract.ts';

/** The same client in Python, with NVIDIA's tritonclient. */
export function clientPy(decoder: Contract, stepChunk: number): string {
  return `# Made by casement build --serve triton from the model's manifest; build again instead of editing it.
# Continues token ids on a Triton server:  pip install tritonclient[http] numpy
#                                          python client.py localhost:8000 1,2,3 16
import json
import random
import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import triton_to_np_dtype

CONTRACT = json.loads(r"""
${JSON.stringify(decoder, null, 2)}
""")
CHUNK = ${stepChunk}  # the longest run of tokens that the model takes at once


class Sequence:
    """One conversation. Triton keeps its caches; the client counts how long they are."""

    def __init__(self, client):
        self.client = client
        self.lengths = {}
        self.started = False
        self.id = random.randrange(1, 2**31)

    def run(self, entry, inputs, end=False):
        """Runs an entry on arrays; inputs of other entries become zeros."""
        call = CONTRACT["calls"][entry]
        lengths = dict(self.lengths)
        for dim, growth in call["lengths"].items():
            by = growth["by"]
            before = lengths.get(dim, 0) if growth["continues"] else 0
            lengths[dim] = before + np.shape(inputs[by["input"]])[by["axis"]]
        given = dict(inputs)
        if "entry" in call:
            given["entry"] = [call["entry"]]
        for one in call["given"]:
            before, after = self.lengths.get(one["dim"], 0), lengths.get(one["dim"], 0)
            given[one["input"]] = length_input(one["kind"], before, after)
        tensors = []
        for spec in CONTRACT["inputs"]:
            shape = [max(size, 1) for size in spec["shape"]]
            array = np.asarray(given.get(spec["name"], np.zeros(shape)), triton_to_np_dtype(spec["datatype"]))
            tensor = triton.InferInput(spec["name"], array.shape, spec["datatype"])
            tensor.set_data_from_numpy(array)
            tensors.append(tensor)
        result = self.client.infer(
            CONTRACT["model"],
            tensors,
            outputs=[triton.InferRequestedOutput(name) for name in call["outputs"]] or None,
            sequence_id=self.id,
            sequence_start=not self.started,
            sequence_end=end,
        )
        self.started = True
        self.lengths = lengths
        return {name: result.as_numpy(name) for name in call["outputs"]}

    def drop(self, dim):
        """Forgets what a dim counts, such as the window: the next run writes over it."""
        self.lengths[dim] = 0


def length_input(kind, before, after):
    """An input that tells how long a cache was and is."""
    if kind == "lastKey":
        return [after - 1]
    if kind == "total":
        return [after]
    return np.arange(before, after).reshape(1, -1, 1)


def read(sequence, ids, position, end=False):
    """Feeds token ids from a position on, and gives the logits after the last."""
    axes = next(spec["shape"] for spec in CONTRACT["inputs"] if spec["name"] == "position_ids")
    logits = None
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        places = np.arange(position + start, position + start + len(part))
        inputs = {
            "input_ids": [part],
            "position_ids": np.broadcast_to(places, [*axes[:-1], len(part)]),
            "logits_to_keep": [len(part) - 1],
        }
        known = {name: inputs[name] for name in CONTRACT["calls"]["step"]["inputs"]}
        last = start + CHUNK >= len(ids)
        logits = sequence.run("step", known, end=end and last)["logits"][0, -1]
    return logits


def complete(client, ids, count):
    """The likeliest continuation of token ids."""
    sequence = Sequence(client)
    logits = read(sequence, ids, 0)
    answer = []
    while len(answer) < count:
        answer.append(int(np.argmax(logits)))
        logits = read(sequence, answer[-1:], len(ids) + len(answer) - 1, end=len(answer) == count)
    return answer


if __name__ == "__main__":
    url, ids, count = (sys.argv[1:] + ["localhost:8000", "1", "16"][len(sys.argv) - 1 :])[:3]
    print(*complete(triton.InferenceServerClient(url), [int(i) for i in ids.split(",")], int(count)))
`;
}
