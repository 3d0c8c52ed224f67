"""Turns a GGUF file into a Hugging Face folder (float32) with transformers, so that PEFT can load an adapter over it.

    python gguf_to_hf.py SmolLM2-135M-Instruct.Q4_1.gguf /tmp/smollm2-hf --try "What is the capital of France?"
"""

import argparse
import copy
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def answer(folder: Path, question: str) -> str:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    turns = [{"role": "user", "content": question}]
    prompt = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    with torch.no_grad():
        out = model.generate(**prompt, max_new_tokens=40, do_sample=False)
    return tokenizer.decode(out[0, prompt["input_ids"].shape[1] :], skip_special_tokens=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gguf", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--try", dest="question", help="a question to answer with the written folder, greedily")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    source = {"pretrained_model_name_or_path": str(arguments.gguf.parent), "gguf_file": arguments.gguf.name}
    loaded = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    config = copy.deepcopy(loaded.config)
    del config.quantization_config  # The weights are plain now, but transformers refuses to save what came from a GGUF.
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.load_state_dict(loaded.state_dict())
    model.save_pretrained(arguments.out)
    AutoTokenizer.from_pretrained(**source).save_pretrained(arguments.out)
    if arguments.question:
        print(answer(arguments.out, arguments.question))


if __name__ == "__main__":
    main()
