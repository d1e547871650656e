"""Trains a small tokenizer of Qwen2's kind and writes goldens.json with transformers. By hand:

    pip install torch==2.13.0 torchvision==0.28.0 transformers==5.17.0 tokenizers==0.23.2 pillow==12.3.0
    python packages/session/golden/text/make.py

The chat template is the one that Qwen2.5-VL ships in chat_template.json (Apache-2.0).
"""

import json
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, Qwen2VLImageProcessor, Qwen2_5_VLProcessor, Qwen2VLVideoProcessor

HERE = Path(__file__).parent
PICTURES = HERE.parent / "image"

# The pattern and the special tokens of Qwen2.
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
    "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>",
]  # fmt: skip
NOT_SPECIAL = ["<tool_call>", "</tool_call>"]

TEMPLATE = (
    "{% set image_count = namespace(value=0) %}{% set video_count = namespace(value=0) %}{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "{% endif %}<|im_start|>{{ message['role'] }}\n{% if message['content'] is string %}{{ message['content'] }}"
    "<|im_end|>\n{% else %}{% for content in message['content'] %}{% if content['type'] == 'image' or 'image' in "
    "content or 'image_url' in content %}{% set image_count.value = image_count.value + 1 %}{% if add_vision_id %}"
    "Picture {{ image_count.value }}: {% endif %}<|vision_start|><|image_pad|><|vision_end|>{% elif content['type'] == "
    "'video' or 'video' in content %}{% set video_count.value = video_count.value + 1 %}{% if add_vision_id %}Video "
    "{{ video_count.value }}: {% endif %}<|vision_start|><|video_pad|><|vision_end|>{% elif 'text' in content %}"
    "{{ content['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endif %}{% endfor %}{% if add_generation_prompt %}"
    "<|im_start|>assistant\n{% endif %}"
)

CORPUS = [
    "A casement is a window that opens. So is CASA: attention in windows. The model looks at a picture and says what",
    "it sees: a man with a red hat rides a bicycle along the river while two dogs run after him in the rain.",
    "Please describe the image in detail. What is in this picture? How many people are there? Which colour is the car?",
    "The quick brown fox jumps over the lazy dog. I'm sure they've said we'll see what it's like; don't you think so?",
    "Bitte beschreibe das Bild. Ein Fenster öffnet sich über den Dächern; größer, schöner, früher, Straße.",
    "Décrivez cette image, s'il vous plaît. Un château près de la forêt, où l'été dure à peine, ça va être très beau.",
    "请描述这张图片。这是一个打开的窗户。你看到了什么？有几个人？", "画像を説明してください。窓が開いています。",
    "Опишите, пожалуйста, изображение. Окно открыто, и видно море.", "صف الصورة من فضلك. النافذة مفتوحة.",
    "for (const [name, value] of Object.entries(table)) { console.log(`${name} = ${value}`); }\n\treturn x + 1;\n",
    "def attend(query, keys, values):\n    scores = query @ keys.T\n    return softmax(scores) @ values\n",
    "2024-12-25 3.14159 1,024 tokens 448×448 px 100% #hash @user https://example.org/a?b=c&d=e 🙂👍🏽🎉 ½ ² €",
]  # fmt: skip

TEXTS = [
    "", " ", "\n", "\n\n\n", "   leading and trailing   ", "tabs\tand\r\nnewlines\n\n  indented\n", "Hello, world!",
    "What is in this picture?", "I'm sure THEY'VE said we'LL see.", "1234567890 3.14 1,024", "naïve café façade größer",
    "cafe\u0301 e\u0301 A\u030a \u1100\u1161\u11a8", "请描述这张图片。", "窓が開いています。", "Окно открыто", "صف الصورة",
    "🙂👍🏽🎉 👨‍👩‍👧‍👦 🇨🇭", "a\u00a0b\u2003c\u3000d\u200be", "\ufeffbom", "\u0000\u0001\u001f\u007f", "𝒳 𐍈 𓀀 ｆｕｌｌ",
    "x" * 80, "aaaa bbbb  cccc   dddd", "if (a<b && c>=d) { return `${e}`; }", "<|im_start|>user\nHi<|im_end|>\n",
    "no<|im_end|>space", "<|vision_start|><|image_pad|><|vision_end|>", "<|im_start |> <|nothing|>", "a <tool_call> b",
    "end of text<|endoftext|>more", "ﬁ ﬂ ™ ½ ² ∑ ≠", "don’t “quote” — dash…", "mixed漢字and한글text", "\r", "\r\n\r\n x",
]  # fmt: skip

# Ids that decode to broken or unusual text: single bytes of long characters, specials between them.
BROKEN = "é漢🙂"

CONVERSATIONS = [
    {"messages": [{"role": "user", "content": "Hello"}], "options": {}},
    {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Two plus "}, {"type": "text", "text": "two?"}]},
            {"role": "assistant", "content": "Four."},
            {"role": "user", "content": "  And\nthree?  "},
        ],
        "options": {},
    },
    {
        "messages": [
            {
                "role": "user",
                "content": [{"type": "image"}, {"type": "text", "text": "What is this?"}],
            }
        ],
        "options": {},
    },
    {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image"},
                    {"type": "text", "text": " and "},
                    {"type": "image"},
                    {"type": "text", "text": "Compare them."},
                ],
            },
            {"role": "assistant", "content": "They differ."},
            {"role": "user", "content": [{"type": "text", "text": "How? 🙂"}]},
        ],
        "options": {"add_vision_id": True},
    },
    {
        "messages": [
            {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "One."}]},
            {"role": "assistant", "content": [{"type": "text", "text": "A window."}]},
            {"role": "user", "content": [{"type": "text", "text": "Now this: "}, {"type": "image"}]},
        ],
        "options": {},
    },
]
IMAGES = ["tiny.png", "palette.png"]


def train() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=1000, initial_alphabet=alphabet, show_progress=False, min_frequency=1)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in NOT_SPECIAL])
    return tokenizer


def conversation_golden(processor, conversation: dict) -> dict:
    messages, options = conversation["messages"], conversation["options"]
    text = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False, **options)
    closed = processor.apply_chat_template(messages, add_generation_prompt=False, tokenize=False, **options)
    count = text.count("<|image_pad|>")
    images = IMAGES[:count]
    inputs = processor(text=[text], images=[str(PICTURES / name) for name in images] or None, return_tensors="np")
    return {
        **conversation,
        "text": text,
        "closed": closed,
        "images": images,
        "grids": inputs["image_grid_thw"][:, 1:].tolist() if images else [],
        "ids": inputs["input_ids"][0].tolist(),
    }


def load_pictures(paths):
    from transformers.image_utils import load_image

    return None if paths is None else [load_image(path) for path in paths]


class PictureProcessor(Qwen2_5_VLProcessor):
    """Reads files through Pillow: torchvision's own decoder does not stand pictures upright."""

    def __call__(self, images=None, **arguments):
        return super().__call__(images=load_pictures(images), **arguments)


def main() -> None:
    model = HERE / "model"
    model.mkdir(exist_ok=True)
    tokenizer = train()
    (model / "tokenizer.json").write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, indent=None))
    added = {
        str(tokenizer.token_to_id(token)): {
            "content": token,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
            "special": token in SPECIAL,
        }
        for token in SPECIAL + NOT_SPECIAL
    }
    config = {
        "add_bos_token": False,
        "add_prefix_space": False,
        "added_tokens_decoder": added,
        "additional_special_tokens": SPECIAL[1:],
        "bos_token": None,
        "chat_template": TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "errors": "replace",
        "model_max_length": 131072,
        "pad_token": "<|endoftext|>",
        "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
    }
    (model / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n")
    loaded = AutoTokenizer.from_pretrained(model)
    processor = PictureProcessor(
        Qwen2VLImageProcessor(), loaded, Qwen2VLVideoProcessor(), chat_template=TEMPLATE
    )
    broken = loaded(BROKEN)["input_ids"]
    sequences = [broken[1:], broken[:-1], [broken[0], loaded.convert_tokens_to_ids("<|im_end|>"), broken[-1]]]
    goldens = {
        "texts": [
            {
                "text": text,
                "ids": loaded(text)["input_ids"],
                "decoded": loaded.decode(loaded(text)["input_ids"]),
                "shown": loaded.decode(loaded(text)["input_ids"], skip_special_tokens=True),
            }
            for text in TEXTS
        ],
        "sequences": [
            {"ids": ids, "decoded": loaded.decode(ids), "shown": loaded.decode(ids, skip_special_tokens=True)}
            for ids in sequences
        ],
        "conversations": [conversation_golden(processor, conversation) for conversation in CONVERSATIONS],
    }
    (HERE / "goldens.json").write_text(json.dumps(goldens, ensure_ascii=False, indent=1) + "\n")


main()
