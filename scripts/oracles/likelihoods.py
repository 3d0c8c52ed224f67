"""Dumps how likely transformers and PEFT find the answers of some records, for the tests of the evaluation.

    python scripts/oracles/likelihoods.py test/evaluation/oracles

Needs: torch, transformers, peft. Reads the sample of this repository; makes a small random adapter with PEFT, which is
saved beside the dump. The record is rendered and labelled here by hand: the sample's template is ChatML.
"""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "test/evaluation/oracles")
SAMPLE = Path("media/sample")
ROWS = 6

torch.manual_seed(11)
tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(SAMPLE / "base" / "tokenizer.json"))
model = AutoModelForCausalLM.from_pretrained(SAMPLE / "base", dtype=torch.float32)
model.eval()


def encode(text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def records():
    for line in (SAMPLE / "test.jsonl").read_text().splitlines()[:ROWS]:
        *before, answer = json.loads(line)["messages"]
        prompt = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in before)
        start = encode(prompt + "<|im_start|>assistant\n")
        whole = encode(prompt + "<|im_start|>assistant\n" + answer["content"] + "<|im_end|>")
        assert whole[: len(start)] == start
        yield whole, len(start)


@torch.no_grad()
def scores(net):
    rows = []
    for ids, start in records():
        log_p = torch.log_softmax(net(torch.tensor([ids])).logits[0].double(), dim=-1)
        labels = torch.tensor(ids[start:])
        at = log_p[start - 1 : len(ids) - 1]
        nll = -at.gather(1, labels[:, None]).sum().item()
        rows.append({"tokens": len(labels), "nll": nll, "right": (at.argmax(-1) == labels).sum().item()})
    return rows


base = scores(model)
tuned = get_peft_model(model, LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj", "v_proj"], lora_dropout=0.0))
for name, weight in tuned.named_parameters():
    if "lora_B" in name:
        torch.nn.init.normal_(weight, std=0.3)
tuned.eval()
OUT.mkdir(parents=True, exist_ok=True)
tuned.save_pretrained(OUT / "adapter")
(OUT / "adapter" / "README.md").unlink(missing_ok=True)
config = OUT / "adapter" / "adapter_config.json"
written = json.loads(config.read_text()) | {"base_model_name_or_path": ""}
config.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")
(OUT / "likelihoods.json").write_text(json.dumps({"base": base, "tuned": scores(tuned)}, indent=1) + "\n")
