"""The peer of the training benchmark: LoRA with PyTorch, transformers and PEFT, as their users run it.

    python -m venv .venv && .venv/bin/pip install -r bench/peft/requirements.txt
    .venv/bin/python bench/peft/train.py --write-base /tmp/base --write-batches /tmp/batches.json
    .venv/bin/python bench/peft/train.py --base /tmp/base --batches /tmp/batches.json --threads 2

The default shape is SmolLM2-135M's (d 576, 30 layers, 9/3 heads, ff 1536, vocabulary 49152, tied) with random weights;
--base takes any Hugging Face folder. A step is one batch forward and backward, clipping and AdamW. Prints one JSON
object: tokensPerSecond (all tokens of a batch / median seconds of a step after the warm-up), peakMemoryBytes (of this
process), stepSeconds, losses of every step, and what was run. With --write-base or --write-batches it only writes,
so that another trainer can be measured with the same weights and tokens: batches.json has
{"batches": [{"ids": int[B][T], "labels": (0|1)[B][T]}, …]}, one batch a step, taken again from the start when they end.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import sys
import time
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, LlamaConfig, get_linear_schedule_with_warmup

TARGETS = {"qv": ["q_proj", "v_proj"], "all-linear": "all-linear"}


def smollm2_135m() -> LlamaConfig:
    return LlamaConfig(
        vocab_size=49152,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        max_position_embeddings=8192,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
        rope_parameters={"rope_theta": 100000.0, "rope_type": "default"},
    )


def base_model(options: argparse.Namespace):
    attention = {"attn_implementation": options.attention, "dtype": torch.float32}
    if options.method == "qlora":
        attention["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.float32,
        )
    if options.base:
        return AutoModelForCausalLM.from_pretrained(options.base, **attention)
    torch.manual_seed(options.seed)
    return AutoModelForCausalLM.from_config(smollm2_135m(), **attention)


def make_batches(options: argparse.Namespace, vocabulary: int) -> list[dict]:
    """Full rows of random tokens; the last share of each row is labelled, as in completion-only data."""
    generator = torch.Generator().manual_seed(options.seed)
    first = max(1, round(options.tokens * (1 - options.labelled)))
    labels = [[int(t >= first) for t in range(options.tokens)] for _ in range(options.batch_size)]
    shape = (options.batch_size, options.tokens)
    return [
        {"ids": torch.randint(0, vocabulary, shape, generator=generator).tolist(), "labels": labels}
        for _ in range(options.warmup + options.steps)
    ]


def peak_memory_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def adapted(model, options: argparse.Namespace):
    model.config.use_cache = False
    if options.checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    torch.manual_seed(options.seed)
    config = LoraConfig(
        r=options.r,
        lora_alpha=2 * options.r,
        lora_dropout=options.dropout,
        target_modules=TARGETS[options.targets],
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config).train()


def train(model, batches: list[dict], options: argparse.Namespace) -> tuple[list[float], list[float]]:
    """Seconds and loss of every step, warm-up included."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.0)
    total = options.warmup + options.steps
    schedule = get_linear_schedule_with_warmup(optimizer, 0, total)
    seconds, losses = [], []
    for step in range(total):
        batch = batches[step % len(batches)]
        started = time.perf_counter()
        ids = torch.tensor(batch["ids"])
        labels = torch.where(torch.tensor(batch["labels"]) == 1, ids, -100)
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
            loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        seconds.append(time.perf_counter() - started)
    return seconds, losses


def report(options: argparse.Namespace, batches: list[dict], trained: int, seconds: list[float], losses: list[float]):
    median = statistics.median(seconds[options.warmup :])
    ids = batches[0]["ids"]
    labels = sum(sum(row[1:]) for row in batches[0]["labels"])
    return {
        "tokensPerSecond": len(ids) * len(ids[0]) / median,
        "peakMemoryBytes": peak_memory_bytes(),
        "medianStepSeconds": median,
        "stepSeconds": seconds[options.warmup :],
        "losses": losses,
        "batchSize": len(ids),
        "tokens": len(ids[0]),
        "trainedTokens": labels,
        "adapterParameters": trained,
        "r": options.r,
        "targets": options.targets,
        "attention": options.attention,
        "method": options.method,
        "precision": options.precision,
        "checkpointing": options.checkpointing,
        "threads": options.threads,
        "loadAverage": os.getloadavg()[0],
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "torch": torch.__version__,
    }


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, help="Hugging Face folder; without it random weights of the default shape")
    parser.add_argument("--batches", type=Path, help="batches.json; without it random tokens")
    parser.add_argument("--write-base", type=Path, help="write a float32 folder here and stop")
    parser.add_argument("--write-batches", type=Path, help="write the batches here and stop")
    parser.add_argument("--method", choices=["lora", "qlora"], default="lora", help="qlora needs --base")
    parser.add_argument("--targets", choices=sorted(TARGETS), default="qv")
    parser.add_argument("--r", type=int, default=8)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--batch-size", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--labelled", type=float, default=1.0, help="labelled share of a row, e.g. 0.4")
    parser.add_argument("--attention", choices=["sdpa", "eager"], default="sdpa")
    parser.add_argument("--precision", choices=["float32", "bf16"], default="float32", help="bf16: autocast")
    parser.add_argument("--checkpointing", action="store_true", help="gradient checkpointing")
    parser.add_argument("--warmup", type=int, default=2, help="steps that are not measured")
    parser.add_argument("--steps", type=int, default=8, help="steps that are measured")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    options = parse()
    torch.set_num_threads(options.threads)
    model = base_model(options)
    if options.write_base:
        model.save_pretrained(options.write_base)
    batches = make_batches(options, model.config.vocab_size)
    if options.write_batches:
        options.write_batches.write_text(json.dumps({"batches": batches}))
    if options.write_base or options.write_batches:
        return
    if options.batches:
        batches = json.loads(options.batches.read_text())["batches"]
    model = adapted(model, options)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    seconds, losses = train(model, batches, options)
    print(json.dumps(report(options, batches, trained, seconds, losses)))


if __name__ == "__main__":
    main()
