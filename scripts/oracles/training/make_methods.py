"""Writes what PEFT and transformers compute with the variants of LoRA and with the ways to regularise a run.

    .venv/bin/python scripts/oracles/training/make_methods.py

It reads the models and batches that make_dumps.py wrote and writes test/training/oracles/methods/ (README.md of the
oracles describes the files). The classes that users call do the work: `LoraConfig(use_rslora, use_dora)`,
`create_loraplus_optimizer`, `LabelSmoother`; random numbers are replaced by `golden` ones, which the tests know as well.
"""

import json
import shutil
from pathlib import Path

import torch
from make_dumps import (
    DEFAULT_OUT,
    LORA_RATE,
    WEIGHT_DECAY,
    accumulate,
    adapters_of,
    load,
    logits_of,
    optimizer_plan,
    tensors_of,
    train,
)
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from peft.optimizers import create_loraplus_optimizer
from safetensors.torch import load_file, save_file
from transformers.trainer_pt_utils import LabelSmoother

OUT = DEFAULT_OUT / "methods"
DROPOUT, LORAPLUS_RATIO, NEFTUNE_ALPHA, SMOOTHING = 0.3, 16.0, 5.0, 0.1
# The batch of the gradients: one row of 40 tokens, which no padding makes longer.
BATCH = 4


class Base:
    """A model of make_dumps.py with its batches and the adapter that its dump starts from."""

    def __init__(self, name: str):
        self.name = name
        self.folder = DEFAULT_OUT / name
        dump = json.loads((self.folder / "dump.json").read_text())
        self.batches = dump["batches"]
        self.max_grad_norm = dump["training"]["maxGradNorm"]
        lora = dump["lora"]
        self.lora = {"r": lora["r"], "lora_alpha": lora["alpha"], "target_modules": lora["targetModules"]}
        tensors = load_file(self.folder / "dump.safetensors")
        self.start = {n.removeprefix("adapter."): t for n, t in tensors.items() if n.startswith("adapter.")}

    def adapted(self, zero_b: bool, **options):
        config = LoraConfig(**({"lora_dropout": 0.0, "task_type": "CAUSAL_LM"} | self.lora | options))
        model = get_peft_model(load(self.folder, "eager"), config).train()
        for name, p in adapters_of(model).items():
            if name in self.start:
                p.data = torch.zeros_like(p) if zero_b and "lora_B" in name else self.start[name].clone()
        return model

    def described(self, **more) -> dict:
        names = {"r": "r", "lora_alpha": "alpha", "target_modules": "targetModules"}
        return {"dropout": 0} | {names[k]: v for k, v in self.lora.items()} | more


def saved_names(model) -> dict[str, torch.nn.Parameter]:
    """Trained tensors by the names under which PEFT saves them."""
    named = {n.removesuffix(".weight") if "magnitude" in n else n: p for n, p in adapters_of(model).items()}
    assert sorted(named) == sorted(get_peft_model_state_dict(model)), "names differ from the ones PEFT saves"
    return named


def steps(base: Base, model, count: int, warmup: int, groups=None, **options) -> dict:
    parameters = list(adapters_of(model).values())
    groups = groups or [{"params": parameters, "weight_decay": WEIGHT_DECAY}]
    return train(model, base.batches, groups, optimizer_plan(count, warmup, LORA_RATE, base.max_grad_norm), **options)


def gradient(base: Base, model, loss_of=None) -> tuple[dict, dict]:
    """Loss and gradients of the batch, as a record and as tensors."""
    batches = [base.batches[BATCH]]
    loss, count = accumulate(model, batches, loss_of) if loss_of else accumulate(model, batches)
    tensors = {f"gradient.{n}": p.grad.clone() for n, p in saved_names(model).items()}
    return {"batch": BATCH, "loss": loss, "trainedTokens": count, "summedLoss": loss * count}, tensors


def move_magnitudes(model) -> dict[str, torch.Tensor]:
    """Away from where they start, so that they say something; returns them."""
    generator = torch.Generator().manual_seed(5)
    moved = {n: p for n, p in saved_names(model).items() if "magnitude" in n}
    for p in moved.values():
        p.data = p.data * (1 + 0.2 * torch.randn(p.shape, generator=generator))
    return {f"adapter.{n}": p.detach().clone() for n, p in moved.items()}


def golden(count: int, offset: int = 0) -> torch.Tensor:
    """Numbers in [0, 1) that the tests compute as well: the fractional parts of the multiples of the golden ratio."""
    return (torch.arange(offset, offset + count, dtype=torch.float64) * 0.6180339887498949) % 1.0


class FixedDropout(torch.nn.Module):
    """Drops where the test drops: a window of the pool of `golden` numbers that all layers of one width share."""

    def __init__(self, offset: int):
        super().__init__()
        self.offset = offset

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        count, width = x.shape[0] * x.shape[1], x.shape[2]
        numbers = golden(count * width, self.offset)
        return x * torch.where(numbers < DROPOUT, 0.0, 1 / (1 - DROPOUT)).float().view_as(x)


def fix_dropout(model, rows: int) -> None:
    """One pool after the other; in each, every layer begins one row further on."""
    layers = [m for m in model.modules() if "default" in getattr(m, "lora_A", {})]
    pool = 0
    for width in dict.fromkeys(layer.in_features for layer in layers):
        sharers = [layer for layer in layers if layer.in_features == width]
        for start, layer in enumerate(sharers):
            layer.lora_dropout["default"] = FixedDropout(pool + start * width)
        pool += (rows + len(sharers)) * width


def add_noise(model) -> None:
    """What neftune_post_forward_hook adds, with `golden` numbers for the random ones."""

    def hook(module, inputs, output):
        bound = NEFTUNE_ALPHA / (output.size(1) * output.size(2)) ** 0.5
        return output + ((golden(output.numel()) * 2 - 1) * bound).float().view_as(output)

    model.get_input_embeddings().register_forward_hook(hook)


def smoothed_loss(model, batch: dict, count: int) -> torch.Tensor:
    ids, mask, labels = tensors_of(batch)
    output = model(input_ids=ids, attention_mask=mask)
    return LabelSmoother(epsilon=SMOOTHING)(output, labels, shift_labels=True, num_items_in_batch=count)


def write(name: str, record: dict, tensors: dict | None = None) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(record) + "\n")
    if tensors:
        save_file({n: t.contiguous() for n, t in sorted(tensors.items())}, OUT / f"{name}.safetensors")
        (OUT / f"{name}.safetensors").chmod(0o644)
    losses = [s["loss"] for s in record.get("training", {}).get("steps", [])]
    print(name, f"{losses[0]:.4f} -> {losses[-1]:.4f}" if losses else "", record.get("gradient", {}).get("loss", ""))


def curve(base: Base) -> None:
    training = steps(base, base.adapted(zero_b=True), 50, 5)
    write(f"curve-{base.name}", {"model": base.name, "lora": base.described(), "training": training})


def rslora(base: Base) -> None:
    training = steps(base, base.adapted(zero_b=True, use_rslora=True), 20, 4)
    write(f"rslora-{base.name}", {"model": base.name, "lora": base.described(rslora=True), "training": training})


def dora(base: Base, rank_stabilised: bool) -> None:
    options = {"use_dora": True, "use_rslora": rank_stabilised}
    model = base.adapted(zero_b=False, **options)
    tensors = move_magnitudes(model)
    record = {"model": base.name, "lora": base.described(dora=True, rslora=rank_stabilised)}
    record["gradient"], gradients = gradient(base, model)
    model = base.adapted(zero_b=True, **options)
    record["training"] = steps(base, model, 20, 4)
    trained = {f"trained.{n}": p.detach().clone() for n, p in saved_names(model).items()}
    tensors["logits.trained"] = logits_of(model.eval(), base.batches[BATCH])
    write(f"dora-{base.name}", record, tensors | gradients | trained)
    if rank_stabilised:
        save_folder(model, base)


def save_folder(model, base: Base) -> None:
    """The trained adapter as PEFT saves it."""
    folder = OUT / f"peft-dora-{base.name}"
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config["target_modules"].sort()
    config["base_model_name_or_path"] = base.name
    path.write_text(json.dumps(config, indent=2) + "\n")
    (folder / "adapter_model.safetensors").chmod(0o644)


def dropped(base: Base, use_dora: bool) -> None:
    model = base.adapted(zero_b=False, use_dora=use_dora, lora_dropout=DROPOUT)
    tensors = move_magnitudes(model) if use_dora else {}
    fix_dropout(model, len(base.batches[BATCH]["ids"][0]))
    record = {"model": base.name, "lora": base.described(dora=use_dora, dropout=DROPOUT)}
    record["gradient"], gradients = gradient(base, model)
    write(f"{'dora' if use_dora else 'lora'}-dropout-{base.name}", record, tensors | gradients)


def loraplus(base: Base) -> None:
    model = base.adapted(zero_b=True)
    optimizer = create_loraplus_optimizer(
        model,
        torch.optim.AdamW,
        lr=LORA_RATE,
        loraplus_lr_ratio=LORAPLUS_RATIO,
        loraplus_weight_decay=WEIGHT_DECAY,
    )
    keys = ("params", "weight_decay", "lr")
    groups = [{k: group[k] for k in keys} for group in optimizer.param_groups if group["params"]]
    training = steps(base, model, 20, 4, groups)
    record = {"model": base.name, "lora": base.described(), "loraplus": LORAPLUS_RATIO, "training": training}
    write(f"loraplus-{base.name}", record)


def neftune(base: Base) -> None:
    model = base.adapted(zero_b=False)
    add_noise(model)
    record = {"model": base.name, "lora": base.described(), "neftuneAlpha": NEFTUNE_ALPHA}
    record["gradient"], gradients = gradient(base, model)
    write(f"neftune-{base.name}", record, gradients)


def smoothing(base: Base) -> None:
    record = {"model": base.name, "lora": base.described(), "labelSmoothing": SMOOTHING}
    record["gradient"], tensors = gradient(base, base.adapted(zero_b=False), smoothed_loss)
    model = base.adapted(zero_b=True)
    record["training"] = steps(base, model, 20, 4, loss_of=smoothed_loss)
    model = load(base.folder, "eager")
    loss, count = accumulate(model, [base.batches[BATCH]], smoothed_loss)
    record["full"] = {"batch": BATCH, "loss": loss, "trainedTokens": count, "summedLoss": loss * count}
    # The head is where smoothing enters; what lies below is checked by the adapter's gradients.
    embedding = dict(model.named_parameters())["model.embed_tokens.weight"]
    write(f"smoothing-{base.name}", record, tensors | {"full.gradient": embedding.grad.clone()})


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in ("llama-tied", "qwen2", "gemma2", "phi3"):
        curve(Base(name))
    llama, qwen2, gemma2 = Base("llama-tied"), Base("qwen2"), Base("gemma2")
    rslora(llama)
    dora(qwen2, rank_stabilised=True)
    dora(gemma2, rank_stabilised=False)
    dropped(qwen2, use_dora=True)
    dropped(qwen2, use_dora=False)
    loraplus(llama)
    neftune(llama)
    neftune(gemma2)
    smoothing(llama)
    smoothing(gemma2)


if __name__ == "__main__":
    main()
