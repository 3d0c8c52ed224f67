"""The tiny random models of the dumps: one for each thing in which decoders differ."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    GPT2Config,
    LlamaConfig,
    MistralConfig,
    Phi3Config,
    PretrainedConfig,
    Qwen2Config,
    Qwen3Config,
    SmolLM3Config,
)

ATTENTION = ["q_proj", "v_proj"]
CONV1D = ["c_attn", "c_proj", "c_fc"]
FUSED = ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]
SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
COMMON = {
    "num_hidden_layers": 2,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}


@dataclass
class ModelSpec:
    name: str
    seed: int
    config: PretrainedConfig
    targets: list[str]
    r: int = 4
    alpha: int = 8
    max_grad_norm: float = 1.0
    full: bool = False
    """Also gradients and steps of all weights."""
    peft_folder: bool = False
    """Also the trained adapter as PEFT saves it."""
    version_4: bool = False
    """config.json as transformers 4 wrote it (rope_theta, rope_scaling, torch_dtype), like most published models."""
    bf16_copy: bool = False
    """Weights are exact in bfloat16, and <name>-bf16/ holds them so."""
    attentions: tuple[str, ...] = ("eager", "sdpa")
    """Implementations of attention: the first one's numbers are kept, another one shows their noise."""
    sharded_copy: bool = False
    """<name>-sharded/ holds the same weights in several files with an index, as transformers splits them."""


def rope(theta: float, **more) -> dict:
    return {"rope_theta": theta, "rope_type": "default"} | more


MODELS = [
    ModelSpec(
        "llama-tied",
        11,
        LlamaConfig(
            **COMMON,
            vocab_size=128,
            hidden_size=32,
            intermediate_size=72,
            num_attention_heads=4,
            num_key_value_heads=2,
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
            rope_parameters=rope(10000.0),
        ),
        ATTENTION,
        full=True,
        peft_folder=True,
    ),
    ModelSpec(
        "llama-untied",
        12,
        LlamaConfig(
            **COMMON,
            vocab_size=131,
            hidden_size=40,
            intermediate_size=64,
            num_attention_heads=4,
            num_key_value_heads=4,
            head_dim=16,
            attention_bias=False,
            rms_norm_eps=1e-6,
            tie_word_embeddings=False,
            rope_parameters=rope(10000.0),
        ),
        SEVEN,
        sharded_copy=True,
    ),
    ModelSpec(
        "mistral",
        13,
        MistralConfig(
            **COMMON,
            vocab_size=128,
            hidden_size=48,
            intermediate_size=80,
            num_attention_heads=6,
            num_key_value_heads=2,
            rms_norm_eps=1e-5,
            sliding_window=None,
            tie_word_embeddings=False,
            rope_parameters=rope(1000000.0),
        ),
        SEVEN,
        peft_folder=True,
    ),
    ModelSpec(
        "qwen2",
        14,
        Qwen2Config(
            **COMMON,
            vocab_size=136,
            hidden_size=32,
            intermediate_size=64,
            num_attention_heads=4,
            num_key_value_heads=2,
            rms_norm_eps=1e-6,
            tie_word_embeddings=True,
            rope_parameters=rope(1000000.0),
        ),
        SEVEN,
        full=True,
        version_4=True,
    ),
    ModelSpec(
        "smollm2",
        15,
        LlamaConfig(
            **COMMON,
            vocab_size=128,
            hidden_size=36,
            intermediate_size=96,
            num_attention_heads=3,
            num_key_value_heads=1,
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
            rope_parameters=rope(100000.0),
        ),
        SEVEN,
        max_grad_norm=3.2,  # Some steps are clipped and some are not.
        version_4=True,
        bf16_copy=True,
    ),
    ModelSpec(
        "llama3-rope",
        16,
        # With these numbers the eight wavelengths of a head fall into all three bands: kept, blended, and divided.
        LlamaConfig(
            **COMMON,
            vocab_size=128,
            hidden_size=32,
            intermediate_size=64,
            num_attention_heads=2,
            num_key_value_heads=1,
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
            rope_parameters=rope(
                500.0,
                rope_type="llama3",
                factor=8.0,
                low_freq_factor=1.0,
                high_freq_factor=4.0,
                original_max_position_embeddings=32,
            ),
        ),
        ATTENTION,
        version_4=True,
    ),
    ModelSpec(
        "qwen3",
        17,
        Qwen3Config(
            **COMMON | {"num_hidden_layers": 3},
            vocab_size=128,
            hidden_size=32,
            intermediate_size=48,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=12,
            rms_norm_eps=1e-6,
            tie_word_embeddings=True,
            # The last layer looks back at most seven tokens.
            use_sliding_window=True,
            sliding_window=7,
            max_window_layers=2,
            rope_parameters=rope(1000000.0),
        ),
        SEVEN,
        version_4=True,
    ),
    ModelSpec(
        "smollm3",
        18,
        SmolLM3Config(
            **COMMON | {"num_hidden_layers": 3},
            vocab_size=128,
            hidden_size=32,
            intermediate_size=48,
            num_attention_heads=4,
            num_key_value_heads=2,
            no_rope_layers=[1, 0, 1],
            rope_parameters=rope(50000.0),
        ),
        SEVEN,
    ),
    ModelSpec(
        "gemma2",
        19,
        # Caps low enough that the hyperbolic tangent bends most scores and logits.
        Gemma2Config(
            **COMMON,
            vocab_size=128,
            hidden_size=32,
            intermediate_size=48,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=12,
            query_pre_attn_scalar=9,
            sliding_window=6,
            attn_logit_softcapping=3.0,
            final_logit_softcapping=4.0,
            rope_parameters=rope(10000.0),
        ),
        SEVEN,
        full=True,
        version_4=True,
        attentions=("eager",),  # The others leave out the cap.
    ),
    ModelSpec(
        "gemma3",
        20,
        Gemma3TextConfig(
            **COMMON | {"num_hidden_layers": 3},
            vocab_size=128,
            hidden_size=32,
            intermediate_size=48,
            num_attention_heads=4,
            num_key_value_heads=1,
            head_dim=8,
            query_pre_attn_scalar=16,
            sliding_window=5,
            layer_types=["sliding_attention", "sliding_attention", "full_attention"],
            rope_parameters={
                "full_attention": rope(1000000.0, rope_type="linear", factor=8.0),
                "sliding_attention": rope(10000.0),
            },
        ),
        SEVEN,
    ),
    ModelSpec(
        "phi3",
        21,
        Phi3Config(
            **COMMON,
            vocab_size=128,
            hidden_size=32,
            intermediate_size=48,
            num_attention_heads=4,
            num_key_value_heads=2,
            sliding_window=9,
            rms_norm_eps=1e-5,
            rope_parameters=rope(10000.0, partial_rotary_factor=1.0),
        ),
        FUSED,
        full=True,
        version_4=True,
    ),
    ModelSpec(
        "llama-yarn",
        22,
        # Of the eight frequencies of a head some are kept, some blended, some divided.
        LlamaConfig(
            **COMMON,
            vocab_size=128,
            hidden_size=32,
            intermediate_size=64,
            num_attention_heads=2,
            num_key_value_heads=1,
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
            rope_parameters=rope(
                500.0, rope_type="yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=4.0
            ),
        ),
        ATTENTION,
    ),
    ModelSpec(
        "llama-dynamic",
        23,
        # Every other batch is longer than the positions of the model, so that its angles are stretched. Those between
        # are shorter: transformers forgets the stretched angles only then.
        LlamaConfig(
            **COMMON | {"num_hidden_layers": 1, "max_position_embeddings": 21},
            vocab_size=128,
            hidden_size=32,
            intermediate_size=64,
            num_attention_heads=2,
            num_key_value_heads=1,
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
            rope_parameters=rope(500.0, rope_type="dynamic", factor=3.0),
        ),
        ATTENTION,
        version_4=True,
    ),
    ModelSpec(
        "mistral-window",
        24,
        MistralConfig(
            **COMMON,
            vocab_size=128,
            hidden_size=32,
            intermediate_size=48,
            num_attention_heads=4,
            num_key_value_heads=2,
            rms_norm_eps=1e-5,
            sliding_window=6,
            tie_word_embeddings=False,
            rope_parameters=rope(10000.0),
        ),
        ATTENTION,
        version_4=True,
    ),
    ModelSpec(
        "phi3-longrope",
        25,
        # Batches are shorter and longer than the original length, so that both lists of factors are used.
        Phi3Config(
            **COMMON,
            vocab_size=128,
            hidden_size=32,
            intermediate_size=48,
            num_attention_heads=2,
            num_key_value_heads=1,
            tie_word_embeddings=True,
            original_max_position_embeddings=20,
            rms_norm_eps=1e-5,
            rope_parameters=rope(
                500.0,
                rope_type="longrope",
                short_factor=[1.0, 1.1, 1.3, 1.2, 1.6, 2.0],
                long_factor=[1.5, 2.0, 3.0, 5.0, 8.0, 13.0],
                partial_rotary_factor=0.75,
            ),
        ),
        FUSED,
        version_4=True,
    ),
    ModelSpec(
        "gpt2",
        26,
        GPT2Config(
            vocab_size=128,
            n_positions=44,
            n_embd=32,
            n_layer=2,
            n_head=4,
            bos_token_id=1,
            eos_token_id=2,
            pad_token_id=0,
            # Those of its pre-training: nobody could repeat their random numbers.
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            summary_first_dropout=0.0,
        ),
        CONV1D,
        full=True,
        peft_folder=True,
    ),
]


def write_model(spec: ModelSpec, folder: Path) -> None:
    """Writes config.json and model.safetensors, and the copies that the spec asks for."""
    torch.manual_seed(spec.seed)
    model = AutoModelForCausalLM.from_config(spec.config, dtype=torch.float32)
    for name, p in model.named_parameters():
        p.data = initial(name, p, spec)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    if spec.version_4:
        config = as_version_4(config)
    path.write_text(json.dumps(config, indent=2) + "\n")
    if spec.bf16_copy:
        copy = fresh(folder, "bf16")
        weights = {n: p.detach().to(torch.bfloat16) for n, p in model.named_parameters()}
        save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
        (copy / "config.json").write_text(json.dumps(config | {"torch_dtype": "bfloat16"}, indent=2) + "\n")
    if spec.sharded_copy:
        copy = fresh(folder, "sharded")
        model.save_pretrained(copy, max_shard_size="60KB")
        (copy / "generation_config.json").unlink(missing_ok=True)


def initial(name: str, p: torch.Tensor, spec: ModelSpec) -> torch.Tensor:
    """Large enough that logits differ clearly and no gradient is tiny."""
    if name.endswith("bias"):
        value = 0.3 * torch.randn(p.shape)
    elif "norm" in name or "ln_" in name:
        # Gemma adds the one itself.
        centre = 0 if spec.config.model_type.startswith("gemma") else 1
        value = centre + 0.2 * torch.randn(p.shape)
    elif "embed" in name or "lm_head" in name or ".wte" in name or ".wpe" in name:
        value = 0.4 * torch.randn(p.shape)
    else:
        value = 0.25 * torch.randn(p.shape)
    return value.to(torch.bfloat16).float() if spec.bf16_copy else value


def fresh(folder: Path, kind: str) -> Path:
    copy = folder.with_name(f"{folder.name}-{kind}")
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    return copy


def as_version_4(config: dict) -> dict:
    rope_parameters = dict(config.pop("rope_parameters"))
    config["rope_theta"] = rope_parameters.pop("rope_theta")
    if rope_parameters.get("partial_rotary_factor", 1.0) != 1.0:
        config["partial_rotary_factor"] = rope_parameters.pop("partial_rotary_factor")
    config["rope_scaling"] = rope_parameters if rope_parameters["rope_type"] != "default" else None
    config["torch_dtype"] = config.pop("dtype", "float32")
    config["transformers_version"] = "4.46.0"
    config.pop("layer_types", None)
    return config
