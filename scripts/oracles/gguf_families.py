"""Makes test/training/weights/oracles/families: a tiny random model of each family as llama.cpp's converter writes it.

    python scripts/oracles/gguf_families.py     (packages: scripts/oracles/training/requirements.txt, and sentencepiece)

Files are written by llama.cpp's `gguf` package with its names of tensors and keys. <family>.json holds the logits that
transformers computes with the model before it was converted, and tokens of its tokenizer. Where transformers reads the
architecture from GGUF, it must find the same weights in the file again.
"""

import json
from pathlib import Path

import gguf
import numpy as np
import torch
from transformers import (
    AutoModelForCausalLM, AutoTokenizer, Gemma2Config, Gemma3TextConfig, GPT2Config, Phi3Config, PretrainedConfig, Qwen3Config, SmolLM3Config,
)
from transformers.modeling_gguf_pytorch_utils import GGUF_CONFIG_MAPPING

from weights import STRINGS, byte_level, permute, sentence_piece

OUT = Path(__file__).resolve().parents[2] / "test/training/weights/oracles/families"
KEYS, ARCH = gguf.Keys, gguf.MODEL_ARCH
SIZES = {"hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64}
SPECIAL = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
TOKENS = list(range(3, 31))


def rope(theta: float, **more) -> dict:
    return {"rope_theta": theta, "rope_type": "default"} | more


LONG = {"short_factor": [1.0, 1.2, 1.5], "long_factor": [1.5, 3.0, 9.0], "original_max_position_embeddings": 16}
FAMILIES: dict[str, tuple[ARCH, PretrainedConfig]] = {
    "qwen3": (ARCH.QWEN3, Qwen3Config(**SIZES, **SPECIAL, num_hidden_layers=1, vocab_size=300, head_dim=6, rope_parameters=rope(1e6))),
    "smollm3": (ARCH.SMOLLM3, SmolLM3Config(**SIZES, **SPECIAL, num_hidden_layers=4, vocab_size=300, rope_parameters=rope(5e4))),
    "gemma2": (ARCH.GEMMA2, Gemma2Config(
        **SIZES, **SPECIAL, num_hidden_layers=2, vocab_size=400, head_dim=6, query_pre_attn_scalar=6, sliding_window=6,
        attn_logit_softcapping=3.0, final_logit_softcapping=4.0, rope_parameters=rope(1e4),
    )),
    "gemma3": (ARCH.GEMMA3, Gemma3TextConfig(
        **SIZES, **SPECIAL, num_hidden_layers=6, vocab_size=400, head_dim=6, query_pre_attn_scalar=6, sliding_window=5,
        rope_parameters={"full_attention": rope(1e6, rope_type="linear", factor=8.0), "sliding_attention": rope(1e4)},
    )),
    "phi3": (ARCH.PHI3, Phi3Config(**SIZES, **SPECIAL, num_hidden_layers=1, vocab_size=400, sliding_window=9, rope_parameters=rope(1e4))),
    "phi3-longrope": (ARCH.PHI3, Phi3Config(
        **SIZES | {"num_attention_heads": 2, "num_key_value_heads": 1}, **SPECIAL, num_hidden_layers=1, vocab_size=300,
        original_max_position_embeddings=16, tie_word_embeddings=True,
        rope_parameters=rope(500.0, rope_type="longrope", partial_rotary_factor=0.75, **LONG),
    )),
    "gpt2": (ARCH.GPT2, GPT2Config(
        vocab_size=300, n_positions=40, n_embd=16, n_layer=1, n_head=2, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, **SPECIAL,
    )),
}


def metadata(writer: gguf.GGUFWriter, name: str, config: PretrainedConfig) -> None:
    """As the converter's `set_gguf_parameters` of the family."""
    writer.add_name({"phi3": "Phi 3 Mini"}.get(name, name))
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_head_count(config.num_attention_heads)
    if name == "gpt2":
        writer.add_feed_forward_length(4 * config.hidden_size)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
        return
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    parameters = config.rope_parameters.get("full_attention", config.rope_parameters)
    writer.add_rope_freq_base(parameters["rope_theta"])
    if name in ("qwen3", "gemma2", "gemma3"):
        writer.add_key_length(head)
        writer.add_value_length(head)
    if name in ("gemma2", "gemma3"):
        writer.add_sliding_window(config.sliding_window)
    if name == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    if name == "gemma3":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(parameters["factor"])
    if name.startswith("phi3"):
        writer.add_rope_dimension_count(int(parameters["partial_rotary_factor"] * head))
        writer.add_rope_scaling_orig_ctx_len(config.original_max_position_embeddings)
        writer.add_sliding_window(config.sliding_window or 0)
        if parameters["rope_type"] == "longrope":
            original = config.original_max_position_embeddings
            scale = config.max_position_embeddings / original
            writer.add_rope_scaling_attn_factors(float(np.sqrt(1 + np.log(scale) / np.log(original))))
            for which in ("long", "short"):
                writer.add_tensor(f"rope_factors_{which}.weight", np.array(parameters[f"{which}_factor"], np.float32))
    elif name == "smollm3":
        writer.add_rope_dimension_count(head)


def converted(name: str, key: str, array: np.ndarray, config: PretrainedConfig) -> np.ndarray:
    """As the converter's `modify_tensors` of the family."""
    if name == "smollm3" and ".q_proj." in key:
        return permute(array, config.num_attention_heads)
    if name == "smollm3" and ".k_proj." in key:
        return permute(array, config.num_key_value_heads)
    if name.startswith("gemma") and key.endswith("norm.weight"):
        return array + 1
    if name == "gpt2" and key.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")):
        return array.T
    return array


def tokenizer(writer: gguf.GGUFWriter, name: str, size: int) -> None:
    if name in ("gemma2", "gemma3", "phi3"):
        sentence_piece(writer, size, runs_of_spaces=name.startswith("gemma"))
        writer.add_add_space_prefix(not name.startswith("gemma"))
        writer.add_pad_token_id(0)
    else:
        byte_level(writer, size, ["<|endoftext|>", "<|im_end|>"], pre="gpt-2" if name == "gpt2" else "qwen2")


def family(name: str) -> None:
    architecture, config = FAMILIES[name]
    torch.manual_seed(5)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager").eval()
    for key, p in model.named_parameters():
        centre = 1 if ("norm" in key or "ln_" in key) and p.ndim == 1 and "bias" not in key and not name.startswith("gemma") else 0
        torch.nn.init.normal_(p, mean=centre, std=0.3)
    path = OUT / f"{name}.gguf"
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[architecture])
    metadata(writer, name, config)
    tokenizer(writer, name, config.vocab_size)
    names = gguf.get_tensor_name_map(architecture, config.num_hidden_layers)
    tied = config.tie_word_embeddings
    for key, value in model.state_dict().items():
        if tied and key == "lm_head.weight":
            continue
        array = converted(name, key, value.numpy(), config)
        writer.add_tensor(names.get_name(key, (".weight", ".bias")), np.ascontiguousarray(array))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    with torch.no_grad():
        logits = model(input_ids=torch.tensor([TOKENS])).logits[0]
    read = "not read"
    if gguf.MODEL_ARCH_NAMES[architecture] in GGUF_CONFIG_MAPPING and name != "phi3-longrope":
        again = AutoModelForCausalLM.from_pretrained(OUT, gguf_file=path.name, dtype=torch.float32).state_dict()
        worst = max(float((again[key] - value).abs().max()) for key, value in model.state_dict().items())
        assert worst < 1e-6, worst
        read = "the same"
    tokens = []
    if name in ("gpt2", "phi3", "gemma2"):
        theirs = AutoTokenizer.from_pretrained(OUT, gguf_file=path.name)
        # Its GemmaTokenizer adds a <pad> that the file does not have.
        encoded = [(text, theirs.encode(text, add_special_tokens=False)) for text in STRINGS]
        tokens = [pair for pair in encoded if max(pair[1], default=0) < config.vocab_size]
    rows = [[float(f"{x:.7g}") for x in row] for row in logits[:, :60].tolist()]  # Of every position, the first tokens.
    record = {"tokens": TOKENS, "logits": rows, "texts": tokens}
    (OUT / f"{name}.json").write_text(json.dumps(record, ensure_ascii=False) + "\n")
    print(f"{name}: weights {read} by transformers; {path.stat().st_size} bytes")


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for name in FAMILIES:
        family(name)


if __name__ == "__main__":
    main()
