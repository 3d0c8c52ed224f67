"""Dumps what Hugging Face makes of conversations: rendered text, token ids and assistant masks.

    python scripts/oracles/labels.py test/dataset/dumps

Needs: transformers, tokenizers. Trains small tokenizers of the kinds that models use on a text written below, so that
nothing is downloaded. The masks come from `apply_chat_template(return_assistant_tokens_mask=True)` on templates with
`{% generation %}` tags; the tests read the templates with and without these tags.
"""

import json
import random
import re
import sys
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "test/dataset/dumps")

SUBJECTS = "the printer|my invoice|our router|a parcel|this account|the café's till|Zoë|an old laptop".split("|")
VERBS = "is broken|arrived late|cannot be opened|needs 42 new parts|won't start|has 3 errors|was returned".split("|")
ENDS = "please help me.|what should I do?|I ordered it in 2024!|thank you;|it costs 19.99 €.|(see below)".split("|")


def corpus():
    rng = random.Random(7)
    for _ in range(4000):
        yield f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)}, {rng.choice(ENDS)}".capitalize()
    yield from ["Größe naïve façade déjà vu", "日本語のテスト", "def f(x):\n    return x + 1\n", "  two  spaces\t"] * 20


LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_level(kind):
    tok = Tokenizer(models.BPE(ignore_merges=kind == "llama3"))
    if kind == "smollm2":
        tok.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
        special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    else:
        if kind == "qwen":
            tok.normalizer = normalizers.NFC()
        tok.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        special = (
            ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
            if kind == "llama3"
            else ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
        )
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(
        corpus(),
        trainers.BpeTrainer(
            vocab_size=460, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
        ),
    )
    if kind == "llama3":
        bos = tok.token_to_id("<|begin_of_text|>")
        tok.post_processor = processors.TemplateProcessing(
            single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", bos)]
        )
        return tok, {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"}
    return tok, {"bos_token": "<|endoftext|>", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}


def sentencepiece(kind):
    """Llama 2's converted tokenizer: "▁" by a normalizer, no pre-tokenizer, bytes for what is unknown."""
    special = ["<unk>", "<s>", "</s>"]
    if kind == "unigram":
        tok = Tokenizer(models.Unigram())
        tok.normalizer = normalizers.NFKC()
        tok.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
        tok.decoder = decoders.Metaspace(prepend_scheme="first")
        trainer = trainers.UnigramTrainer(vocab_size=300, special_tokens=special, unk_token="<unk>", show_progress=False)
        tok.train_from_iterator(corpus(), trainer)
        return tok, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    learner = Tokenizer(models.BPE(unk_token="<unk>"))
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    learner.train_from_iterator(
        corpus(), trainers.BpeTrainer(vocab_size=300, special_tokens=special, show_progress=False)
    )
    model = json.loads(learner.to_str())["model"]
    vocab = {token: i for i, token in enumerate(special + [f"<0x{b:02X}>" for b in range(256)])}
    for token in model["vocab"]:
        vocab.setdefault(token, len(vocab))
    merges = [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in model["merges"]]
    tok = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tok.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    tok.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tok.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tok.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tok, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


TOKENIZERS = {
    "smollm2": lambda: byte_level("smollm2"),
    "qwen": lambda: byte_level("qwen"),
    "llama3": lambda: byte_level("llama3"),
    "llama2": lambda: sentencepiece("bpe"),
    "unigram": lambda: sentencepiece("unigram"),
}

G, E = "{% generation %}", "{% endgeneration %}"
TEMPLATES = {
    "chatml": (
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}{% if message['role'] == 'assistant' %}"
        + G + "{{ message['content'] + '<|im_end|>' }}" + E
        + "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
    ),
    "smollm2": (
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
        "{{ '<|im_start|>system\\nYou are a helpful AI assistant named SmolLM<|im_end|>\\n' }}{% endif %}"
        "{{ '<|im_start|>' + message['role'] + '\\n' }}{% if message['role'] == 'assistant' %}"
        + G + "{{ message['content'] + '<|im_end|>' }}" + E
        + "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
    ),
    # As Qwen 3: reasoning of earlier turns is left out, the last answer gets an empty one, which the model has to write.
    "qwen3": (
        "{%- for message in messages %}\n"
        "    {%- if message.role == 'assistant' %}\n"
        "        {%- set content = message.content %}\n"
        "        {%- if '</think>' in content %}\n"
        "            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}\n"
        "        {%- endif %}\n"
        "        {{- '<|im_start|>assistant\\n' }}\n"
        "        {%- generation %}\n"
        "        {%- if loop.last %}\n"
        "            {{- '<think>\\n\\n</think>\\n\\n' }}\n"
        "        {%- endif %}\n"
        "        {{- content + '<|im_end|>' }}\n"
        "        {%- endgeneration %}\n"
        "        {{- '\\n' }}\n"
        "    {%- else %}\n"
        "        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}\n"
        "    {%- endif %}\n"
        "{%- endfor %}\n"
        "{%- if add_generation_prompt %}\n"
        "    {{- '<|im_start|>assistant\\n' }}\n"
        "{%- endif %}\n"
    ),
    "llama3": (
        "{% set loop_messages = messages %}{% for message in loop_messages %}"
        "{% set head = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' %}"
        "{% if loop.index0 == 0 %}{% set head = bos_token + head %}{% endif %}{{ head }}"
        "{% if message['role'] == 'assistant' %}" + G + "{{ message['content'] | trim + '<|eot_id|>' }}" + E
        + "{% else %}{{ message['content'] | trim + '<|eot_id|>' }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
    ),
    "mistral": (
        "{{ bos_token }}{% for message in messages %}"
        "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
        "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
        "{% elif message['role'] == 'assistant' %}" + G + "{{ message['content'] + eos_token }}" + E
        + "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
    ),
    # As Llama 2: a space between the answer and the end token, both trained.
    "llama2": (
        "{% for message in messages %}{% if message['role'] == 'user' %}"
        "{{ bos_token + '[INST] ' + message['content'].strip() + ' [/INST]' }}"
        "{% elif message['role'] == 'assistant' %}{{ ' ' }}" + G + "{{ message['content'].strip() + ' ' + eos_token }}" + E
        + "{% endif %}{% endfor %}"
    ),
}

PAIRS = [
    ("smollm2", ["chatml", "smollm2"]),
    ("qwen", ["chatml", "qwen3"]),
    ("llama3", ["llama3"]),
    ("llama2", ["mistral", "llama2"]),
    ("unigram", ["mistral", "llama2"]),
]


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


CONVERSATIONS = [
    [user("My printer is broken, please help me."), assistant("Turn it off and on again.")],
    [{"role": "system", "content": "Be short."}, user("What is 2 + 2?"), assistant("4")],
    [user("Zoë's café?"), assistant("Größe: naïve 日本語 🙂🙃"), user("And now?"), assistant("e\u0301 is é, fi is ﬁ.\n\nDone")],
    [user("Code"), assistant("```py\ndef f(x):\n    return x + 1\n```\n"), user("  spaces  "), assistant("  two  spaces ")],
    [user("assistant"), assistant("assistant"), user("assistant"), assistant("assistant")],
    [user("Think"), assistant("<think>\nIt is 3.\n</think>\n\nThree"), user("Again"), assistant("3 3 3")],
    [user("1234567 ²³ x² ½"), assistant("19.99 € (see below) 1234567 ² ½")],
]

TEXTS = [
    "",
    " ",
    "Hello  world",
    " leading",
    "trailing ",
    "tab\tand\nnew\n\nline",
    "Größe naïve e\u0301 ﬁ",
    "日本語 🙂👩‍👩‍👧",
    "it's 2024, 19.99 €; x² ½ ³",
    "a</s>b <|im_end|>c",
    "def f(x):\n    return x\n",
    "'S don'T WE'LL",
]


def spans(mask_template):
    return re.sub(r"\{%-?\s*(end)?generation\s*-?%\}\n?", lambda m: "", mask_template)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    cases = []
    texts = []
    for name, templates in PAIRS:
        tok, config = TOKENIZERS[name]()
        file = OUT / f"tokenizer-{name}.json"
        file.write_text(json.dumps(json.loads(tok.to_str()), ensure_ascii=False, separators=(",", ":")) + "\n")
        hf = PreTrainedTokenizerFast(tokenizer_object=tok, clean_up_tokenization_spaces=False, **config)
        for text in TEXTS:
            ids = hf(text, add_special_tokens=False)["input_ids"]
            texts.append(
                {
                    "tokenizer": name,
                    "text": text,
                    "ids": ids,
                    "withSpecial": hf(text)["input_ids"],
                    "decoded": tok.decode(ids, skip_special_tokens=False),
                    "skipped": tok.decode(ids, skip_special_tokens=True),
                }
            )
        for template in templates:
            for messages in CONVERSATIONS:
                case = {"tokenizer": name, "config": config, "template": template, "messages": messages}
                try:
                    text = hf.apply_chat_template(messages, tokenize=False, chat_template=TEMPLATES[template])
                    out = hf.apply_chat_template(
                        messages, chat_template=TEMPLATES[template], return_dict=True, return_assistant_tokens_mask=True
                    )
                    case |= {"text": text, "ids": out["input_ids"], "mask": out["assistant_masks"]}
                except Exception as error:
                    case["error"] = str(error)
                cases.append(case)
    templates = {name: {"tagged": text, "plain": spans(text)} for name, text in TEMPLATES.items()}
    lines = lambda items: ",\n".join(json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in items)
    (OUT / "labels.json").write_text(
        f'{{"templates":{json.dumps(templates)},\n"texts":[\n{lines(texts)}\n],\n"cases":[\n{lines(cases)}\n]}}\n'
    )


main()
