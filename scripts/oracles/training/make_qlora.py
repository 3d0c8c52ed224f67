"""Writes what bitsandbytes, PEFT and transformers compute with a base in NF4 (QLoRA).

    .venv/bin/python scripts/oracles/training/make_qlora.py

It reads the models and batches that make_dumps.py wrote and writes `qlora-*` into test/training/oracles/methods/. The base is
loaded with `BitsAndBytesConfig` and prepared by `prepare_model_for_kbit_training`, as in QLoRA's own recipe. The native library
is kept away for the reason that scripts/oracles/nf4.py gives.
"""

import ctypes
import json

import torch


def no_library(*_args, **_kwargs):
    raise OSError("kept away")


ctypes.cdll.LoadLibrary = no_library

import make_methods  # noqa: E402
from make_dumps import LORA_STEPS, LORA_WARMUP, logits_of  # noqa: E402
from make_methods import OUT, Base, gradient, saved_names, steps  # noqa: E402
from peft import prepare_model_for_kbit_training  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from transformers import AutoModelForCausalLM, BitsAndBytesConfig  # noqa: E402

# qwen2 has layers of 32 inputs (less than a block) and of 64; smollm2's matrices end within a block.
CASES = [("qwen2", True), ("smollm2", True), ("llama-untied", False)]


def load_quantized(double: bool):
    def load(folder, attention: str):
        quantization = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=double,
            bnb_4bit_compute_dtype=torch.float32,
        )
        model = AutoModelForCausalLM.from_pretrained(
            folder, quantization_config=quantization, dtype=torch.float32, device_map="cpu", attn_implementation=attention
        )
        model.config.use_cache = False
        return prepare_model_for_kbit_training(model, use_gradient_checkpointing=False).train()

    return load


def dora(name: str) -> None:
    """Magnitudes begin at the row lengths of the decoded weights."""
    make_methods.load = load_quantized(True)
    base = Base(name)
    model = base.adapted(zero_b=False, use_dora=True)
    tensors = {f"adapter.{n}": p.detach().clone() for n, p in saved_names(model).items() if "magnitude" in n}
    numbers, gradients = gradient(base, model)
    record = {"model": name, "lora": base.described(dora=True), "doubleQuantization": True, "gradient": numbers}
    write(f"qdora-{name}", record, tensors | gradients)


def write(name: str, record: dict, tensors: dict) -> None:
    save_file({n: t.contiguous() for n, t in tensors.items()}, OUT / f"{name}.safetensors")
    (OUT / f"{name}.safetensors").chmod(0o644)
    (OUT / f"{name}.json").write_text(json.dumps(record) + "\n")


def main() -> None:
    torch.set_num_threads(2)
    dora("qwen2")
    for name, double in CASES:
        make_methods.load = load_quantized(double)
        base = Base(name)
        record = {"model": name, "lora": base.described(), "doubleQuantization": double}
        model = base.adapted(zero_b=False)
        tensors = {"logits.adapter": logits_of(model, base.batches[make_methods.BATCH])}
        record["gradient"], gradients = gradient(base, model)
        record["training"] = steps(base, base.adapted(zero_b=True), LORA_STEPS, LORA_WARMUP)
        write(f"qlora-{name}", record, tensors | gradients)
        losses = [step["loss"] for step in record["training"]["steps"]]
        print(f"qlora-{name}: loss {losses[0]:.4f} -> {losses[-1]:.4f}")


if __name__ == "__main__":
    main()
