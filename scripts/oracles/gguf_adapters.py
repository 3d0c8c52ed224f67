"""Makes test/export/oracles/peft: adapters over the tiny models of test/training/oracles, and the logits of both together.

    python scripts/oracles/gguf_adapters.py     (packages: scripts/oracles/training/requirements.txt)

<name>.json holds the logits that transformers and PEFT compute, <name>/ the adapter where it is made here.
"""

import json
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "test/training/oracles"
OUT = ROOT / "test/export/oracles/peft"
TOKENS = [3, 17, 40, 5, 99, 120, 7, 7, 33, 64]
SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
# Adapters that other tests have, and those that are made here.
GIVEN = {"lora-llama": ("llama-tied", "llama-tied/peft"), "dora-qwen2": ("qwen2", "methods/peft-dora-qwen2")}
MADE = {
    "rslora-llama": ("llama-untied", {"use_rslora": True}),
    "lora-qwen2": ("qwen2", {}),
    "lora-smollm2": ("smollm2", {}),
    "dora-smollm2": ("smollm2", {"use_dora": True}),
}


def base(name: str):
    return AutoModelForCausalLM.from_pretrained(MODELS / name, dtype=torch.float32, attn_implementation="eager").eval()


def make(name: str, model: str, options: dict) -> PeftModel:
    torch.manual_seed(6)
    config = LoraConfig(r=2, lora_alpha=6, lora_dropout=0.0, target_modules=SEVEN, task_type="CAUSAL_LM", inference_mode=True, **options)
    peft = get_peft_model(base(model), config).eval()
    for key, parameter in peft.named_parameters():
        if "lora_B" in key:
            torch.nn.init.normal_(parameter, std=0.3)
        if "magnitude" in key:
            parameter.data *= 1 + 0.2 * torch.rand_like(parameter)
    peft.save_pretrained(OUT / name)
    (OUT / name / "README.md").unlink()
    file = OUT / name / "adapter_config.json"
    saved = json.loads(file.read_text()) | {"base_model_name_or_path": model, "target_modules": SEVEN}
    file.write_text(json.dumps(saved, indent=2) + "\n")
    return peft


def dump(name: str, model: str, peft: PeftModel, adapter: str) -> None:
    with torch.no_grad():
        logits = peft(input_ids=torch.tensor([TOKENS])).logits[0]
    rows = [[float(f"{x:.7g}") for x in row] for row in logits.tolist()]
    (OUT / f"{name}.json").write_text(json.dumps({"model": model, "adapter": adapter, "tokens": TOKENS, "logits": rows}) + "\n")


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for name, (model, adapter) in GIVEN.items():
        dump(name, model, PeftModel.from_pretrained(base(model), MODELS / adapter).eval(), f"test/training/oracles/{adapter}")
    for name, (model, options) in MADE.items():
        dump(name, model, make(name, model, options), f"test/export/oracles/peft/{name}")


if __name__ == "__main__":
    main()
