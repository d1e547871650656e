"""Writes conversation.json with transformers: what a conversation with two images becomes, and how it is answered. By hand:

    pip install torch==2.13.0 torchvision==0.28.0 transformers==5.17.0 pillow==12.3.0
    npx casement random-weights examples/chat --dtype f32 --out out/chat-checkpoint
    python examples/chat/golden/make.py out/chat-checkpoint
"""

import hashlib
import json
import sys
from pathlib import Path

import torch
from transformers import (
    AutoTokenizer,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)
from transformers.image_utils import load_image

HERE = Path(__file__).parent
PICTURES = HERE.parents[2] / "packages/session/golden/image"
IMAGES = ["rgb.png", "baseline.jpg"]
QUESTIONS = [
    {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is this?"}]},
    {"role": "user", "content": [{"type": "text", "text": "And "}, {"type": "image"}, {"type": "text", "text": "?"}]},
]
PENALTIES = [1.0, 1.05]
NEW_TOKENS = 32


def main(folder: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    template = tokenizer.chat_template
    processor = Qwen2_5_VLProcessor(
        Qwen2VLImageProcessor.from_pretrained(folder), tokenizer, Qwen2VLVideoProcessor(), chat_template=template
    )
    model, report = Qwen2_5_VLForConditionalGeneration.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    assert not any(report.values()), report
    # Pillow reads the pictures: torchvision's own decoder does not stand them upright.
    pictures = [load_image(str(PICTURES / name)) for name in IMAGES]
    read = [processor.image_processor(images=[picture], return_tensors="pt") for picture in pictures]

    def encode(text: str, image: int) -> list[int]:
        return processor(text=[text], images=[pictures[image]], return_tensors="pt")["input_ids"][0].tolist()

    def answer(ids: list[int], images: int, penalty: float) -> list[int]:
        prompt = torch.tensor([ids])
        out = model.generate(
            input_ids=prompt,
            attention_mask=torch.ones_like(prompt),
            mm_token_type_ids=(prompt == model.config.image_token_id).int(),
            pixel_values=torch.cat([part["pixel_values"] for part in read[:images]]),
            image_grid_thw=torch.cat([part["image_grid_thw"] for part in read[:images]]),
            do_sample=False,
            repetition_penalty=penalty,
            max_new_tokens=NEW_TOKENS,
        )
        return out[0, len(ids) :].tolist()

    # The second question follows the first answer's own tokens: they may not be what the tokenizer makes of their text.
    messages = [QUESTIONS[0], {"role": "assistant", "content": "ANSWER"}, QUESTIONS[1]]
    rest = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False).split("ANSWER")[1]
    first = processor.apply_chat_template(QUESTIONS[:1], add_generation_prompt=True, tokenize=False)
    conversations = []
    for penalty in PENALTIES:
        turns = []
        ids = encode(first, 0)
        for images in (1, 2):
            tokens = answer(ids, images, penalty)
            shown = tokenizer.decode(tokens, skip_special_tokens=True)
            turns.append({"ids": ids, "answer": tokens, "text": shown})
            ids = ids + tokens + encode(rest, 1)
        conversations.append({"repetitionPenalty": penalty, "turns": turns})
    golden = {
        "questions": QUESTIONS,
        "images": [
            {
                "file": name,
                "grid": part["image_grid_thw"][0, 1:].tolist(),
                "sha256": hashlib.sha256(part["pixel_values"].numpy().tobytes()).hexdigest(),
            }
            for name, part in zip(IMAGES, read)
        ],
        "conversations": conversations,
    }
    (HERE / "conversation.json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")
    for conversation in conversations:
        for turn in conversation["turns"]:
            print(len(turn["ids"]), turn["answer"], repr(turn["text"]))


main(sys.argv[1])
