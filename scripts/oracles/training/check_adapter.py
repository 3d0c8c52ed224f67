"""Loads an adapter folder with PEFT over its base and compares logits with those of the trainer.

    python check_adapter.py ADAPTER_DIR BASE_DIR --logits logits.json

logits.json: {"cases": [{"ids": [int, …], "positions": [int, …], "logits": [[float, …], …], "adapter": true}]}.
`positions` are the token positions whose rows stand in `logits`; without it there is a row for every token. A case
with `"adapter": false` is compared with the base alone. A row agrees when |ours − theirs|₂ / |theirs|₂ is at most
--tolerance. Without --logits only the loading is checked. Exit code 0: all agree. 1: something differs, which is said.
2: unreadable.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from peft import PeftConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM


def load_base(folder: Path):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def key_problems(adapter: Path, base: Path) -> list[str]:
    """PEFT only warns about keys that it does not find: compare names and shapes with a fresh adapter."""
    config = PeftConfig.from_pretrained(adapter)
    fresh = get_peft_model_state_dict(get_peft_model(load_base(base), config))
    saved = load_file(adapter / "adapter_model.safetensors")
    problems = [f"missing in the file: {name}" for name in sorted(fresh.keys() - saved.keys())]
    problems += [f"not known to PEFT: {name}" for name in sorted(saved.keys() - fresh.keys())]
    for name in sorted(fresh.keys() & saved.keys()):
        if fresh[name].shape != saved[name].shape:
            problems.append(f"{name} is {list(saved[name].shape)}, PEFT has {list(fresh[name].shape)}")
        elif not saved[name].isfinite().all():
            problems.append(f"{name} has values that are not finite")
    if not any(t.any() for name, t in saved.items() if "lora_B" in name):
        problems.append("every lora_B is zero: the adapter does nothing")
    return problems


def compare(model: PeftModel, case: dict) -> tuple[float, float, bool]:
    """Worst relative L2 difference of a row, largest absolute difference, and whether all best tokens agree."""
    ids = torch.tensor([case["ids"]])
    with torch.no_grad():
        if case.get("adapter", True):
            theirs = model(input_ids=ids).logits[0]
        else:
            with model.disable_adapter():
                theirs = model(input_ids=ids).logits[0]
    theirs = theirs[case.get("positions", list(range(ids.shape[1])))].double()
    ours = torch.tensor(case["logits"], dtype=torch.float64)
    if ours.shape != theirs.shape:
        raise ValueError(f"logits are {list(ours.shape)}, PEFT's are {list(theirs.shape)}")
    difference = ours - theirs
    relative = (difference.norm(dim=1) / theirs.norm(dim=1)).nan_to_num(float("inf")).max()
    return float(relative), float(difference.abs().max()), bool((ours.argmax(1) == theirs.argmax(1)).all())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("base", type=Path)
    parser.add_argument("--logits", type=Path)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    try:
        cases = json.loads(arguments.logits.read_text())["cases"] if arguments.logits else []
        problems = key_problems(arguments.adapter, arguments.base)
        if problems:  # PEFT would raise on a wrong shape and say nothing about a wrong name.
            print("\n".join(problems), file=sys.stderr)
            return 1
        model = PeftModel.from_pretrained(load_base(arguments.base), arguments.adapter).eval()
        for index, case in enumerate(cases):
            relative, absolute, same_best = compare(model, case)
            best = "same best tokens" if same_best else "OTHER BEST TOKENS"
            print(f"case {index}: {len(case['logits'])} rows, relative {relative:.2e}, absolute {absolute:.2e}, {best}")
            if relative > arguments.tolerance:
                problems.append(f"case {index} differs by {relative:.2e}, more than {arguments.tolerance:.0e}")
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        print(f"cannot compare: {error}", file=sys.stderr)
        return 2
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"PEFT loads {arguments.adapter} and agrees in {len(cases)} cases.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
