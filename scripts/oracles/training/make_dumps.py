"""Writes tiny random models and the numbers that PyTorch, transformers and PEFT compute with them.

    python -m venv .venv && .venv/bin/pip install -r scripts/oracles/training/requirements.txt
    .venv/bin/python scripts/oracles/training/make_dumps.py

The result is committed in test/training/oracles/<model>/ (README.md there describes the files). Everything is seeded;
on another processor the last bits may differ. All numbers come from a model that was read back from its folder, with
the public interfaces that users call: `PeftModel.forward(labels=…, num_items_in_batch=…)`, `torch.optim.AdamW`,
`clip_grad_norm_`, `get_linear_schedule_with_warmup`.
"""

import argparse
import json
import os
import shutil
from pathlib import Path

# Without this PEFT asks for the page of the base model when it saves.
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, get_linear_schedule_with_warmup

from models import MODELS, ModelSpec, write_model

HERE = Path(__file__).resolve().parent
DEFAULT_OUT = HERE.parents[2] / "test" / "training" / "oracles"
LORA_STEPS, LORA_WARMUP, LORA_RATE = 20, 4, 1e-2
FULL_STEPS, FULL_WARMUP, FULL_RATE = 10, 2, 3e-3
BETAS, EPSILON, WEIGHT_DECAY = (0.9, 0.999), 1e-8, 0.01
PAD = 0
# (row lengths, labelled share of each row) of every batch. Batch 0 is the one with logits and gradients; the steps take
# windows of two batches whose shapes and label counts differ, so that a mean of means is not the mean.
BATCH_SHAPES = [
    ([23, 17, 9], [0.5, 1.0, 0.3]),
    ([12], [0.25]),
    ([7, 31], [1.0, 0.6]),
    ([20, 20, 5, 14], [0.4, 0.0, 1.0, 0.1]),
    ([40], [1.0]),
    ([6, 3], [0.0, 0.5]),
]


def make_batches(vocabulary: int, rng: np.random.Generator) -> list[dict]:
    """Rows padded on the right with PAD; labels 1 where the token itself is trained (predicted from the one before)."""
    batches = []
    for lengths, shares in BATCH_SHAPES:
        width = max(lengths)
        ids = np.full((len(lengths), width), PAD, dtype=np.int64)
        labels = np.zeros((len(lengths), width), dtype=np.int64)
        for row, (length, share) in enumerate(zip(lengths, shares)):
            # Never the padding token: torch.nn.Embedding drops the gradient of its row.
            ids[row, :length] = rng.integers(PAD + 1, vocabulary, length)
            count = int(round(share * (length - 1)))
            if share == 1.0 or count <= 4:
                labels[row, length - count : length] = 1
            else:  # Two turns: one inside the row and one at its end.
                first = count // 2
                labels[row, length - (count - first) : length] = 1
                labels[row, 2 : 2 + first] = 1
        batches.append({"ids": ids.tolist(), "labels": labels.tolist(), "lengths": lengths})
    return batches


def tensors_of(batch: dict) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    ids = torch.tensor(batch["ids"])
    mask = torch.arange(ids.shape[1])[None] < torch.tensor(batch["lengths"])[:, None]
    labels = torch.where(torch.tensor(batch["labels"]) == 1, ids, -100)
    return ids, mask.long(), labels


def trained_tokens(batch: dict) -> int:
    return sum(sum(row[1:]) for row in batch["labels"])


def logits_of(model, batch: dict) -> torch.Tensor:
    """Logits with zeros at the padding, where they mean nothing."""
    ids, mask, _ = tensors_of(batch)
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=mask).logits * mask[:, :, None]


def summed_loss(logits: torch.Tensor, batch: dict) -> float:
    """Sum of the negative log-likelihoods, written out, as a check of the loss that transformers reports."""
    ids, _, labels = tensors_of(batch)
    picked = logits.double().log_softmax(-1)[:, :-1].gather(-1, ids[:, 1:, None])[..., 0]
    return float(-(picked * (labels[:, 1:] != -100)).sum())


def reported_loss(model, batch: dict, count: int) -> torch.Tensor:
    ids, mask, labels = tensors_of(batch)
    return model(input_ids=ids, attention_mask=mask, labels=labels, num_items_in_batch=torch.tensor(count)).loss


def accumulate(model, batches: list[dict], loss_of=reported_loss) -> tuple[float, int]:
    """Adds the gradients of sum(NLL) / trained tokens over all the batches; returns that loss and the count."""
    count = sum(trained_tokens(batch) for batch in batches)
    total = 0.0
    for batch in batches:
        loss = loss_of(model, batch, count)
        loss.backward()
        total += loss.item()
    return total, count


def train(model, batches: list[dict], groups: list[dict], plan: dict, loss_of=reported_loss) -> dict:
    """Runs plan["totalSteps"] optimiser steps and returns the plan with what each step measured."""
    optimizer = torch.optim.AdamW(groups, lr=plan["learningRate"], betas=BETAS, eps=EPSILON)
    schedule = get_linear_schedule_with_warmup(optimizer, plan["warmupSteps"], plan["totalSteps"])
    parameters = [p for group in groups for p in group["params"]]
    log = []
    for step in range(plan["totalSteps"]):
        window = [2 * (step % 3), 2 * (step % 3) + 1]
        optimizer.zero_grad()
        loss, count = accumulate(model, [batches[i] for i in window], loss_of)
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, plan["maxGradNorm"]))
        log.append(
            {
                "batches": window,
                "loss": loss,
                "trainedTokens": count,
                "gradientNorm": norm,
                "learningRate": schedule.get_last_lr()[0],
            }
        )
        optimizer.step()
        schedule.step()
    return plan | {"steps": log}


def optimizer_plan(steps: int, warmup: int, rate: float, max_grad_norm: float) -> dict:
    return {
        "learningRate": rate,
        "warmupSteps": warmup,
        "totalSteps": steps,
        "beta1": BETAS[0],
        "beta2": BETAS[1],
        "epsilon": EPSILON,
        "weightDecay": WEIGHT_DECAY,
        "maxGradNorm": max_grad_norm,
    }


def load(folder: Path, attention: str):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention)
    model.config.use_cache = False
    return model.train()  # No dropout anywhere, so training mode changes nothing.


def plain(name: str) -> str:
    return name.replace(".default.", ".")


def adapters_of(model) -> dict[str, torch.nn.Parameter]:
    return {plain(name): p for name, p in model.named_parameters() if p.requires_grad}


def lora_numbers(folder: Path, spec: ModelSpec, batches: list[dict], attention: str) -> tuple[dict, dict, object]:
    tensors, record = {}, {}
    base = load(folder, attention)
    tensors["logits.base"] = logits_of(base, batches[0])
    config = LoraConfig(
        r=spec.r, lora_alpha=spec.alpha, lora_dropout=0.0, target_modules=spec.targets, task_type="CAUSAL_LM"
    )
    model = get_peft_model(base, config)
    model.train()
    generator = torch.Generator().manual_seed(spec.seed + 1)
    adapters = adapters_of(model)
    for name, p in adapters.items():  # A as PEFT starts it; B as after some training.
        bound = p.shape[1] ** -0.5
        start = torch.rand(p.shape, generator=generator) * 2 * bound - bound
        p.data = start if "lora_A" in name else torch.randn(p.shape, generator=generator) * 0.1
        tensors[f"adapter.{name}"] = p.detach().clone()
    assert sorted(adapters) == sorted(get_peft_model_state_dict(model)), "names differ from the ones PEFT saves"

    tensors["logits.adapter"] = logits_of(model, batches[0])
    loss, count = accumulate(model, batches[:1])
    written_out = summed_loss(tensors["logits.adapter"], batches[0]) / count
    assert abs(loss - written_out) < 1e-5 * loss, (loss, written_out)
    for name, p in adapters.items():
        assert p.grad.norm() > 1e-4, name
        tensors[f"gradient.{name}"] = p.grad.clone()
    record["gradient"] = {
        "batch": 0,
        "summedLoss": loss * count,
        "trainedTokens": count,
        "loss": loss,
        "baseSummedLoss": summed_loss(tensors["logits.base"], batches[0]),
        "gradientNorm": float(torch.stack([p.grad.norm() for p in adapters.values()]).norm()),
    }

    for name, p in adapters.items():
        if "lora_B" in name:
            p.data.zero_()
    zero_b = (logits_of(model, batches[0]) - tensors["logits.base"]).abs().max().item()
    assert zero_b == 0.0, zero_b
    groups = [{"params": list(adapters.values()), "weight_decay": WEIGHT_DECAY}]
    plan = optimizer_plan(LORA_STEPS, LORA_WARMUP, LORA_RATE, spec.max_grad_norm)
    record["training"] = train(model, batches, groups, plan)
    for name, p in adapters.items():
        tensors[f"trained.{name}"] = p.detach().clone()
    tensors["logits.trained"] = logits_of(model, batches[0])
    return tensors, record, model


def full_numbers(folder: Path, spec: ModelSpec, batches: list[dict], attention: str) -> tuple[dict, dict]:
    tensors = {}
    model = load(folder, attention)
    parameters = dict(model.named_parameters())  # A tied head is the embedding and appears once.
    loss, count = accumulate(model, batches[:1])
    for name, p in parameters.items():
        tensors[f"full.gradient.{name}"] = p.grad.clone()
    decayed = [name for name, p in parameters.items() if p.ndim >= 2]
    groups = [
        {"params": [parameters[n] for n in decayed], "weight_decay": WEIGHT_DECAY},
        {"params": [p for n, p in parameters.items() if n not in decayed], "weight_decay": 0.0},
    ]
    record = train(model, batches, groups, optimizer_plan(FULL_STEPS, FULL_WARMUP, FULL_RATE, spec.max_grad_norm))
    for name, p in parameters.items():
        tensors[f"full.trained.{name}"] = p.detach().clone()
    record["gradient"] = {"batch": 0, "summedLoss": loss * count, "trainedTokens": count, "loss": loss}
    record["notDecayed"] = [name for name in parameters if name not in decayed]
    return tensors, record


def worst_difference(ours: dict, theirs: dict, prefix: str) -> float:
    """Largest relative L2 difference of the tensors whose names begin with prefix."""
    return max(
        float((ours[n] - theirs[n]).norm() / ours[n].norm().clamp_min(1e-30)) for n in ours if n.startswith(prefix)
    )


def noise_of(tensors: dict, record: dict, other: dict, other_record: dict) -> dict:
    """How far the same computation lies apart with transformers' two ways to do attention: no test can ask for less."""
    noise = {p: worst_difference(tensors, other, p + ".") for p in ("logits", "gradient", "trained")}
    noise["stepLoss"] = step_noise(record["training"], other_record["training"])
    if "full" in record:
        noise |= {p: worst_difference(tensors, other, p + ".") for p in ("full.gradient", "full.trained")}
        noise["full.stepLoss"] = step_noise(record["full"], other_record["full"])
    return noise


def step_noise(a: dict, b: dict) -> float:
    return max(abs(x["loss"] - y["loss"]) / x["loss"] for x, y in zip(a["steps"], b["steps"]))


def numbers(folder: Path, spec: ModelSpec, batches: list[dict], attention: str) -> tuple[dict, dict, object]:
    tensors, record, model = lora_numbers(folder, spec, batches, attention)
    if spec.full:
        full_tensors, record["full"] = full_numbers(folder, spec, batches, attention)
        tensors |= full_tensors
    return tensors, record, model


def save_peft(model, folder: Path, spec: ModelSpec) -> None:
    """The adapter folder as PEFT writes it. Its list of target modules is a Python set in random order: sort it."""
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config["target_modules"].sort()
    config["base_model_name_or_path"] = spec.name
    path.write_text(json.dumps(config, indent=2) + "\n")


def check_copies(folder: Path, spec: ModelSpec, batch: dict, expected: torch.Tensor) -> None:
    """The rewritten config.json means what the spec says, and the copies hold the same weights."""
    if spec.config.model_type != "gpt2":
        assert load(folder, "eager").config.rope_parameters == spec.config.rope_parameters
    for kind, wanted in (("bf16", spec.bf16_copy), ("sharded", spec.sharded_copy)):
        if wanted:
            assert torch.equal(logits_of(load(folder.with_name(f"{spec.name}-{kind}"), "eager"), batch), expected)


def dump(spec: ModelSpec, out: Path) -> None:
    folder = out / spec.name
    shutil.rmtree(folder, ignore_errors=True)
    write_model(spec, folder)
    batches = make_batches(spec.config.vocab_size, np.random.default_rng(spec.seed))
    first, *others = spec.attentions
    tensors, record, model = numbers(folder, spec, batches, first)
    check_copies(folder, spec, batches[0], tensors["logits.base"])
    noise = {}
    for attention in others:
        other, other_record, _ = numbers(folder, spec, batches, attention)
        noise = noise_of(tensors, record, other, other_record)
    header = {
        "model": spec.name,
        "padId": PAD,
        "lora": {"r": spec.r, "alpha": spec.alpha, "dropout": 0, "targetModules": spec.targets},
        "batches": batches,
        "noise": noise,
    }
    save_file({n: t.contiguous() for n, t in sorted(tensors.items())}, folder / "dump.safetensors")
    (folder / "dump.json").write_text(json.dumps(header | record) + "\n")
    if spec.peft_folder:
        save_peft(model, folder / "peft", spec)
    for file in out.rglob("*.safetensors"):
        file.chmod(0o644)
    steps = record["training"]["steps"]
    noise = {k: f"{v:.1e}" for k, v in header["noise"].items()}
    norms = " ".join(f"{s['gradientNorm']:.2f}" for s in steps)
    print(f"{spec.name}: loss {steps[0]['loss']:.4f} -> {steps[-1]['loss']:.4f}; norms {norms}; noise {noise}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--only", help="name of one model")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    for spec in MODELS:
        if arguments.only in (None, spec.name):
            dump(spec, arguments.out)


if __name__ == "__main__":
    main()
