"""Makes test/training/models/oracles/published.json: configurations as published models have them, and how many
parameters transformers makes of each (on the meta device, so no weights are needed).

    python scripts/oracles/published.py     (packages: scripts/oracles/training/requirements.txt)
"""

import json
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM

OUT = Path(__file__).resolve().parents[2] / "test/training/models/oracles/published.json"


def decoder(kind: str, layers: int, hidden: int, heads: int, kv: int, inner: int, vocabulary: int, **more) -> dict:
    return {
        "model_type": kind, "num_hidden_layers": layers, "hidden_size": hidden, "num_attention_heads": heads, "num_key_value_heads": kv,
        "intermediate_size": inner, "vocab_size": vocabulary,
    } | more


def gpt2(layers: int, hidden: int, heads: int) -> dict:
    return {"model_type": "gpt2", "n_layer": layers, "n_embd": hidden, "n_head": heads, "n_positions": 1024, "n_ctx": 1024, "vocab_size": 50257}


LLAMA3 = {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"}
PUBLISHED = {
    "Llama 2 7B": decoder("llama", 32, 4096, 32, 32, 11008, 32000, max_position_embeddings=4096, rms_norm_eps=1e-5, tie_word_embeddings=False),
    "TinyLlama 1.1B": decoder("llama", 22, 2048, 32, 4, 5632, 32000, max_position_embeddings=2048, rms_norm_eps=1e-5, tie_word_embeddings=False),
    "Llama 3.2 1B": decoder("llama", 16, 2048, 32, 8, 8192, 128256, head_dim=64, max_position_embeddings=131072, rms_norm_eps=1e-5, rope_theta=5e5, rope_scaling=LLAMA3, tie_word_embeddings=True),
    "SmolLM2 135M": decoder("llama", 30, 576, 9, 3, 1536, 49152, max_position_embeddings=8192, rms_norm_eps=1e-5, rope_theta=1e5, tie_word_embeddings=True),
    "Mistral 7B v0.1": decoder("mistral", 32, 4096, 32, 8, 14336, 32000, max_position_embeddings=32768, rms_norm_eps=1e-5, sliding_window=4096, tie_word_embeddings=False),
    "Qwen2.5 0.5B": decoder("qwen2", 24, 896, 14, 2, 4864, 151936, max_position_embeddings=32768, rms_norm_eps=1e-6, rope_theta=1e6, sliding_window=32768, use_sliding_window=False, max_window_layers=24, tie_word_embeddings=True),
    "Qwen3 0.6B": decoder("qwen3", 28, 1024, 16, 8, 3072, 151936, head_dim=128, max_position_embeddings=40960, rms_norm_eps=1e-6, rope_theta=1e6, sliding_window=None, use_sliding_window=False, max_window_layers=28, tie_word_embeddings=True),
    "SmolLM3 3B": decoder("smollm3", 36, 2048, 16, 4, 11008, 128256, max_position_embeddings=65536, rms_norm_eps=1e-6, rope_theta=5e6),
    "Gemma 2 2B": decoder("gemma2", 26, 2304, 8, 4, 9216, 256000, head_dim=256, max_position_embeddings=8192, rms_norm_eps=1e-6, query_pre_attn_scalar=256, sliding_window=4096, hidden_activation="gelu_pytorch_tanh"),
    "Gemma 3 1B": decoder("gemma3_text", 26, 1152, 4, 1, 6912, 262144, head_dim=256, max_position_embeddings=32768, rms_norm_eps=1e-6, query_pre_attn_scalar=256, sliding_window=512, sliding_window_pattern=6, rope_theta=1e6, rope_local_base_freq=10000),
    "Phi-3 mini 4k": decoder("phi3", 32, 3072, 32, 32, 8192, 32064, max_position_embeddings=4096, original_max_position_embeddings=4096, rms_norm_eps=1e-5, sliding_window=2047, tie_word_embeddings=False),
    "Phi-3.5 mini": decoder("phi3", 32, 3072, 32, 32, 8192, 32064, max_position_embeddings=131072, original_max_position_embeddings=4096, rms_norm_eps=1e-5, sliding_window=262144, tie_word_embeddings=False, rope_scaling={"type": "longrope", "long_factor": [1.0 + i for i in range(48)], "short_factor": [1.0] * 48}),
    "Phi-4 mini": decoder("phi3", 32, 3072, 24, 8, 8192, 200064, max_position_embeddings=131072, original_max_position_embeddings=4096, partial_rotary_factor=0.75, rms_norm_eps=1e-5, sliding_window=262144, tie_word_embeddings=True, rope_scaling={"type": "longrope", "long_factor": [1.0 + i for i in range(48)], "short_factor": [1.0] * 48}),
    "GPT-2": gpt2(12, 768, 12),
    "GPT-2 XL": gpt2(48, 1600, 25),
    "DistilGPT-2": gpt2(6, 768, 12),
}


def parameters(config: dict) -> int:
    made = AutoConfig.for_model(**{k: v for k, v in config.items() if k != "model_type"}, model_type=config["model_type"])
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(made)
    return sum(p.numel() for p in model.parameters())


def main() -> None:
    record = {name: {"config": config, "parameters": parameters(config)} for name, config in PUBLISHED.items()}
    OUT.write_text(json.dumps(record) + "\n")
    for name, entry in record.items():
        print(f"{name}: {entry['parameters']}")


if __name__ == "__main__":
    main()
