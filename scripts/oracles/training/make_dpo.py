"""Writes what TRL's DPOTrainer measures on preference pairs, step by step, with models of make_dumps.py.

    .venv/bin/pip install -r scripts/oracles/training/requirements.txt
    .venv/bin/python scripts/oracles/training/make_dpo.py

The result is test/training/oracles/dpo.json. The pairs are tokens already, in a fixed order and without dropout, so that
nothing but the training is compared. Losses are taken before the trainer rounds them for its log.
"""

import json
import os
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from trl import DPOConfig, DPOTrainer

ORACLES = Path(__file__).resolve().parents[3] / "test" / "training" / "oracles"
PAIRS, VALIDATION, BATCH, ACCUMULATED, STEPS, WARMUP = 18, 5, 3, 2, 24, 4
# (name, model, method, beta, learning rate)
RUNS = [
    ("lora", "llama-tied", "lora", 0.1, 2e-2),
    ("capped", "gemma2", "lora", 0.5, 1e-2),
    ("full", "llama-tied", "full", 0.3, 3e-3),
]


def make_pairs(vocabulary: int, count: int, rng: np.random.Generator) -> list[dict]:
    def tokens(low: int, high: int) -> list[int]:
        return rng.integers(3, vocabulary, rng.integers(low, high)).tolist()

    return [
        {"prompt_ids": tokens(2, 12), "chosen_ids": tokens(1, 15), "rejected_ids": tokens(1, 15)} for _ in range(count)
    ]


def word_tokenizer() -> PreTrainedTokenizerFast:
    """The trainer wants one; the pairs are tokens already."""
    inner = Tokenizer(WordLevel({"<pad>": 0, "<s>": 1, "</s>": 2}, unk_token="<pad>"))
    return PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", bos_token="<s>", eos_token="</s>")


class InOrder(DPOTrainer):
    def __init__(self, *arguments, **named):
        self.losses = []
        super().__init__(*arguments, **named)

    def _prepare_dataset(self, dataset, *_):
        return dataset

    def _get_train_sampler(self, *_):
        return torch.utils.data.SequentialSampler(self.train_dataset)

    def compute_loss(self, model, inputs, **named):
        loss = super().compute_loss(model, inputs, **named)
        if model.training:
            self.losses.append(loss.item())
        return loss


def load(folder: Path):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    model.config.use_cache = False
    return model


def with_adapter(model, folder: Path, lora: dict):
    """The adapter of the model's own dump: A as recorded, B zero."""
    model = get_peft_model(
        model,
        LoraConfig(
            r=lora["r"],
            lora_alpha=lora["alpha"],
            lora_dropout=0.0,
            target_modules=lora["targetModules"],
            task_type="CAUSAL_LM",
        ),
    )
    recorded = load_file(folder / "dump.safetensors")
    for name, p in model.named_parameters():
        if "lora_A" in name:
            p.data = recorded["adapter." + name.replace(".default.", ".")].clone()
        elif "lora_B" in name:
            p.data.zero_()
    return model


def rewards_of(log: dict, prefix: str) -> dict:
    return {key: log[f"{prefix}rewards/{key}"] for key in ("chosen", "rejected", "margins", "accuracies")}


def run(model_name: str, method: str, beta: float, rate: float) -> dict:
    folder = ORACLES / model_name
    lora = json.loads((folder / "dump.json").read_text())["lora"]
    base = load(folder)
    rng = np.random.default_rng(5)
    pairs = make_pairs(base.config.vocab_size, PAIRS, rng)
    validation = make_pairs(base.config.vocab_size, VALIDATION, rng)
    with tempfile.TemporaryDirectory() as out:
        trainer = InOrder(
            model=with_adapter(base, folder, lora) if method == "lora" else base,
            ref_model=None if method == "lora" else load(folder),
            args=DPOConfig(
                output_dir=out,
                beta=beta,
                learning_rate=rate,
                max_steps=STEPS,
                warmup_steps=WARMUP,
                lr_scheduler_type="linear",
                per_device_train_batch_size=BATCH,
                per_device_eval_batch_size=VALIDATION,
                gradient_accumulation_steps=ACCUMULATED,
                gradient_checkpointing=False,
                max_grad_norm=1.0,
                weight_decay=0.01,
                logging_steps=1,
                save_strategy="no",
                report_to="none",
                bf16=False,
                use_cpu=True,
                optim="adamw_torch",
                disable_tqdm=True,
            ),
            train_dataset=Dataset.from_list(pairs),
            eval_dataset=Dataset.from_list(validation),
            processing_class=word_tokenizer(),
        )
        before = trainer.evaluate()
        trainer.train()
        after = trainer.evaluate()
    logs = [log for log in trainer.state.log_history if "rewards/chosen" in log]
    assert len(logs) == STEPS and len(trainer.losses) == STEPS * ACCUMULATED
    steps = [
        {
            "loss": float(np.mean(trainer.losses[ACCUMULATED * i : ACCUMULATED * (i + 1)])),
            "gradientNorm": float(log["grad_norm"]),
            "learningRate": log["learning_rate"],
            "rewards": rewards_of(log, ""),
        }
        for i, log in enumerate(logs)
    ]
    evaluations = [
        {"loss": log["eval_loss"], "rewards": rewards_of(log, "eval_"), "tokenAccuracy": log["eval_mean_token_accuracy"]}
        for log in (before, after)
    ]
    print(f"{model_name} {method}: loss {steps[0]['loss']:.4f} -> {steps[-1]['loss']:.4f}, evaluated {evaluations}")
    return {
        "model": model_name,
        "method": method,
        "beta": beta,
        "lora": lora,
        "learningRate": rate,
        "warmupSteps": WARMUP,
        "weightDecay": 0.01,
        "batchSize": BATCH,
        "accumulated": ACCUMULATED,
        "pairs": [list(pair.values()) for pair in pairs],
        "validation": [list(pair.values()) for pair in validation],
        "steps": steps,
        "evaluations": evaluations,
    }


def main() -> None:
    torch.set_num_threads(2)
    torch.manual_seed(1)
    runs = {name: run(*rest) for name, *rest in RUNS}
    (ORACLES / "dpo.json").write_text(json.dumps(runs) + "\n")


if __name__ == "__main__":
    main()
