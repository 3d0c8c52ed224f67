"""Dumps what transformers writes after prompts, and how likely it says continuations are, with the sample's base model.

    python scripts/oracles/generation.py test/evaluation/generation/dump.json

Needs: PyTorch, transformers, tokenizers.
"""

import json
import sys

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

BASE = "media/sample/base"
NEW_TOKENS = 24

# Threads of PyTorch that wait for each other stand still where other programs hold the cores.
torch.set_num_threads(1)
tokenizer = Tokenizer.from_file(f"{BASE}/tokenizer.json")
model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float64).eval()


def log_likelihood(prompt, continuation):
    with torch.no_grad():
        logits = model(torch.tensor([prompt + continuation])).logits[0].log_softmax(-1)
    steps = [logits[len(prompt) - 1 + i] for i in range(len(continuation))]
    return {
        "tokens": continuation,
        "logProbability": sum(step[token].item() for step, token in zip(steps, continuation)),
        "greedy": all(step.argmax().item() == token for step, token in zip(steps, continuation)),
    }


def answer(prompt):
    """Greedy; no token ends it, so that it does not depend on a template. The margin is that of the closest decision."""
    tokens, margin = [], float("inf")
    for _ in range(NEW_TOKENS):
        with torch.no_grad():
            top = model(torch.tensor([prompt + tokens])).logits[0, -1].topk(2)
        margin = min(margin, (top.values[0] - top.values[1]).item())
        tokens.append(top.indices[0].item())
    return {"tokens": tokens, "margin": margin}


rows = [json.loads(line) for line in open("media/sample/test.jsonl", encoding="utf-8")][:8]
dump = []
for i, row in enumerate(rows):
    _, user, assistant = (message["content"] for message in row["messages"])
    prompt = tokenizer.encode(user[: 60 + 40 * i], add_special_tokens=False).ids
    reference = tokenizer.encode(assistant, add_special_tokens=False).ids
    written = answer(prompt)
    continuations = [reference[:1], reference[1:2], reference[:12], written["tokens"][:1], written["tokens"][:9]]
    scores = [log_likelihood(prompt, tokens) for tokens in continuations]
    dump.append({"prompt": prompt, "answer": written, "continuations": scores})
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump(dump, file)
    file.write("\n")
print(min(row["answer"]["margin"] for row in dump))
