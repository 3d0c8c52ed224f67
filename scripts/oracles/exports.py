"""Loads the exports of tiny models and compares logits: merged models in transformers with base and adapter in PEFT.

    FINE_TUNE_EXPORTS=/tmp/exports npx vitest run --config vitest.integration.config.ts test/export/merged.integration.test.ts
    python scripts/oracles/exports.py /tmp/exports

Each folder in it holds base/, adapter/ and merged*/. Exit code 1: a merged model differs by more than its type
explains, or has keys that transformers does not know.
"""

import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

IDS = torch.tensor([[3, 17, 40, 5, 99, 7, 7, 33, 11, 64, 81, 9]])
LIMITS = {"merged": 1e-3, "merged-float16": 0.02, "merged-bfloat16": 0.4}


def load(folder: Path):
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32, output_loading_info=True
    )
    wrong = {k: v for k, v in info.items() if k.endswith("keys") and v}
    return model.eval(), wrong


def logits(model) -> torch.Tensor:
    with torch.no_grad():
        return model(IDS).logits.log_softmax(-1)


def main() -> int:
    failed = False
    for folder in sorted(Path(sys.argv[1]).iterdir()):
        base, wrong = load(folder / "base")
        plain = logits(base)
        expected = logits(PeftModel.from_pretrained(base, str(folder / "adapter")).eval())
        line = [f"{folder.name}: adapter changes {(expected - plain).abs().max():.2f}"]
        for name, limit in LIMITS.items():
            model, keys = load(folder / name)
            wrong |= keys
            difference = (logits(model) - expected).abs().max().item()
            line.append(f"{name} {difference:.1e}")
            failed |= not difference <= limit
        tokenizer = AutoTokenizer.from_pretrained(folder / "merged")
        chat = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False)
        ends = GenerationConfig.from_pretrained(folder / "merged").eos_token_id
        print(", ".join(line), f"| eos {ends} | {chat!r}", wrong or "")
        failed |= bool(wrong) or chat == ""
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
