"""Writes goldens.json: what transformers' logits processors make of random rows. By hand:

    pip install torch==2.13.0 transformers==5.17.0
    python packages/session/golden/sampling/make.py

`ema`, `stop_bias` and `no_repeat` follow the description of the CASA authors' captioner, in PyTorch.
"""

import json
import warnings
from pathlib import Path

import torch
from transformers import (
    RepetitionPenaltyLogitsProcessor,
    SequenceBiasLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

warnings.filterwarnings("ignore")
VOCAB = 60
STOP = [5, 9]
torch.manual_seed(0)


def row(kind: int) -> torch.Tensor:
    scores = torch.randn(1, VOCAB) * [1.0, 3.0, 8.0][kind % 3]
    if kind % 2:  # ties
        scores = (scores * 4).round() / 4
    return scores


def listed(scores: torch.Tensor) -> list:
    # Nine digits tell float32 numbers apart.
    return [None if value == float("-inf") else float(f"{value:.9g}") for value in scores[0].tolist()]


def ema(ids: torch.Tensor, penalty: float, decay: float, most: float) -> torch.Tensor:
    """Factors after the tokens of `ids` were each the newest at one choice."""
    counts = torch.zeros(VOCAB)
    for token in ids[0]:
        counts = counts * decay
        counts[token] += 1
    factors = penalty ** counts.clamp(max=most)
    factors[STOP] = 1
    return factors


def scale(scores: torch.Tensor, factors: torch.Tensor) -> torch.Tensor:
    return torch.where(scores < 0, scores * factors, scores / factors)


cases = []


def add(name: str, value, before: torch.Tensor, after: torch.Tensor, ids: torch.Tensor | None = None) -> None:
    ids = [] if ids is None else ids[0].tolist()
    cases.append({"name": name, "value": value, "ids": ids, "before": listed(before), "after": listed(after)})


for kind in range(4):
    ids = torch.randint(0, VOCAB, (1, 40))
    ids[0, 10:13] = ids[0, 37:40]  # a run that comes again
    scores = row(kind)
    for value in (0.4, 1.7):
        add("temperature", value, scores, TemperatureLogitsWarper(value)(ids, scores.clone()))
    for value in (1, 7, 59, 100):
        add("topK", value, scores, TopKLogitsWarper(value)(ids, scores.clone()))
    if kind % 2 == 0:  # of equal logits, PyTorch's sort decides which stay
        for value in (0.1, 0.5, 0.95):
            add("topP", value, scores, TopPLogitsWarper(value)(ids, scores.clone()))
        cut = TopKLogitsWarper(20)(ids, scores.clone())
        add("topP", 0.8, cut, TopPLogitsWarper(0.8)(ids, cut.clone()))
    add("repetitionPenalty", 1.3, scores, RepetitionPenaltyLogitsProcessor(1.3)(ids, scores.clone()), ids)
    bias = {(3,): 2.5, (40,): -10.0}
    biased = SequenceBiasLogitsProcessor([[list(key), value] for key, value in bias.items()])(ids, scores.clone())
    add("logitBias", [[3, 2.5], [40, -10.0]], scores, biased)
    penalised = scale(scores, ema(ids, 1.15, 0.99, 5.0))
    add("emaPenalty", {"penalty": 1.15, "decay": 0.99, "maxCount": 5}, scores, penalised, ids)
    loop = torch.tensor([[7] * 30])
    add(
        "emaPenalty", {"penalty": 1.3, "decay": 0.9, "maxCount": 2}, scores, scale(scores, ema(loop, 1.3, 0.9, 2.0)), loop
    )
    biased = scores.clone()
    for token in STOP:
        biased[0, token] = biased[0, token] / 0.95 if biased[0, token] < 0 else biased[0, token] * 0.95
    add("stopBias", 0.95, scores, biased)
    banned = scores.clone()
    banned[0, ids[0, 13]] = float("-inf")  # what followed the run before
    add("noRepeat", {"size": 4, "window": 40}, scores, banned, ids)
    add("noRepeat", {"size": 4, "window": 29}, scores, scores, ids)

out = {"stopTokens": STOP, "cases": cases}
(Path(__file__).parent / "goldens.json").write_text(json.dumps(out).replace('{"name"', '\n{"name"') + "\n")
