"""What lm-eval finds on the questions of test/evaluation/benchmarks/mmlu, and the same questions as Parquet.

    python -m venv /tmp/lm-eval && /tmp/lm-eval/bin/pip install "lm-eval==0.4.9.1" "transformers<5" "datasets<4" torch
    /tmp/lm-eval/bin/python scripts/oracles/mmlu.py                            # the sample's base, committed
    /tmp/lm-eval/bin/python scripts/oracles/mmlu.py --model DIR --out x.json   # any other model folder

The tasks are lm-eval's own, untouched; only the download of `cais/mmlu` is replaced by the files here.
"""

import argparse
import csv
import json
import os
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import datasets
import torch
from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "test/evaluation/benchmarks"
SUBJECTS = ["anatomy", "formal_logic", "high_school_geography"]
FEATURES = datasets.Features(
    {
        "question": datasets.Value("string"),
        "subject": datasets.Value("string"),
        "choices": datasets.Sequence(datasets.Value("string")),
        "answer": datasets.ClassLabel(names=["A", "B", "C", "D"]),
    }
)


def read(subject: str, split: str) -> datasets.Dataset:
    with open(FOLDER / "mmlu" / split / f"{subject}_{split}.csv", newline="", encoding="utf-8") as file:
        rows = [
            {"question": q, "subject": subject, "choices": choices, "answer": "ABCD".index(answer)}
            for q, *choices, answer in csv.reader(file)
        ]
    return datasets.Dataset.from_list(rows, features=FEATURES)


def load_dataset(path: str, name: str, **_: object) -> datasets.DatasetDict:
    assert path == "cais/mmlu", path
    return datasets.DatasetDict({split: read(name, split) for split in ["dev", "test"]})


def write_parquet() -> None:
    """The layout of `cais/mmlu` on the hub: one folder for each subject, and one for all."""
    target = FOLDER / "mmlu-parquet"
    for subject in SUBJECTS:
        (target / subject).mkdir(parents=True, exist_ok=True)
        for split in ["dev", "test"]:
            read(subject, split).to_parquet(target / subject / f"{split}-00000-of-00001.parquet")
    (target / "all").mkdir(exist_ok=True)
    for split in ["dev", "test"]:
        whole = datasets.concatenate_datasets([read(subject, split) for subject in SUBJECTS])
        whole.to_parquet(target / "all" / f"{split}-00000-of-00001.parquet")


def evaluate(folder: Path, case: str, tasks: TaskManager) -> dict[str, object]:
    shots, _, length = case.partition("-in-")
    # A model with room for fewer tokens than the prompts have: lm-eval cuts off their beginning.
    model = HFLM(
        pretrained=str(folder), device="cpu", dtype="float32", batch_size=1, max_length=int(length) if length else None
    )
    found = simple_evaluate(
        model=model, tasks=["mmlu_of_three"], num_fewshot=int(shots), task_manager=tasks, log_samples=True
    )
    result = {}
    for name in ["mmlu_of_three", *(f"mmlu_{subject}" for subject in SUBJECTS)]:
        scores = found["results"][name]
        result[name] = {"acc": scores["acc,none"], "stderr": scores["acc_stderr,none"]}
        samples = found["samples"].get(name, [])
        if samples:
            # The shots are the same for every question of a subject.
            result[name]["prompt"] = samples[-1]["arguments"][0][0]
            result[name]["logLikelihoods"] = [[round(ll, 6) for ll, _ in one["filtered_resps"]] for one in samples]
            result[name]["greedy"] = [[bool(greedy) for _, greedy in one["filtered_resps"]] for one in samples]
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "media/sample/base")
    parser.add_argument("--out", type=Path, default=FOLDER / "oracles/mmlu.json")
    parser.add_argument("--cases", nargs="+", default=["0", "5", "5-in-128"], help="shots, or shots-in-tokens")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    datasets.load_dataset = load_dataset
    write_parquet()
    with tempfile.TemporaryDirectory() as folder:
        group = {
            "group": "mmlu_of_three",
            "task": [f"mmlu_{subject}" for subject in SUBJECTS],
            "aggregate_metric_list": [{"metric": "acc", "weight_by_size": True}],
        }
        (Path(folder) / "group.yaml").write_text(json.dumps(group))
        tasks = TaskManager(include_path=folder)
        dump = {case: evaluate(arguments.model, case, tasks) for case in arguments.cases}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(dump, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
