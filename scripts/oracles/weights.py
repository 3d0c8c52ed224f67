"""Makes test/training/weights/oracles: what Hugging Face, numpy and llama.cpp's `gguf` package write and read.

    python scripts/oracles/weights.py        (packages: scripts/oracles/training/requirements.txt, and sentencepiece)
"""

import base64
import io
import json
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import gguf
import numpy as np
import sentencepiece
import torch
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

OUT = Path(__file__).resolve().parents[2] / "test/training/weights/oracles"
TYPES = gguf.GGMLQuantizationType

STRINGS = [
    "Hello world", "  two spaces", "a\n\nb\t\tc", "1234567 12,345.67", "don't I'll we've THEY'RE", "naïve café Ünïcödé",
    "日本語のテキスト", "مرحبا بالعالم", "👩‍👩‍👧‍👦 emoji 🎉", "def f(x):\n    return x**2  # ok", "trailing space ", "\r\n\r\n",
    "²³½ ⅷ", "a1b2c3", "x" * 50, "é e\u0301", "\u00a0nbsp\u2003em", " ", "   ", "\n", "http://a.b/c?d=e&f=1",
    "İstanbul ß ſ", "\u0001\u007f", "price: $5.00 (USD)", "٣٤٥ १२३", "'s 'S ''s", "constructor __proto__ toString",
    "The quick brown fox jumps over the lazy dog.", "<0x0A> is not a newline", "▁already▁there", "a  b   c    d",
    "[PAD3] and <pad>", "мир труд май", "ααα βββ", "한국어 문장", "C++ != C#", "e-mail@example.org", "50% off!!!", "A", "",
]


def encode(array) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def write_json(name: str, value) -> None:
    (OUT / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def half_precision() -> None:
    random = np.random.default_rng(1)
    bits = random.integers(0, 2**32, 3000, dtype=np.uint64).astype(np.uint32)
    exponents = random.integers(90, 150, 3000, dtype=np.uint32) << 23  # The range in which float16 rounds.
    ties = (random.integers(0, 2**16, 1000, dtype=np.uint32) << 16) | 0x8000
    more_ties = (exponents[:1000] | (random.integers(0, 2**10, 1000, dtype=np.uint32) << 13)) | 0x1000
    edges = np.array([0, -0.0, np.inf, -np.inf, 65504, 65519.996, 65520, 65536, 6e-8, 2**-25, 2**-24, 2**-14, 6.1e-5], np.float32)
    bits = np.concatenate([bits, exponents | (bits & 0x807FFFFF), ties, more_ties, edges.view(np.uint32)])
    bits = bits[~np.isnan(bits.view(np.float32))]
    with np.errstate(over="ignore"):
        half = bits.view(np.float32).astype(np.float16).view(np.uint16)
    brain = torch.from_numpy(bits.view(np.float32).copy()).to(torch.bfloat16).view(torch.int16).numpy()
    every = np.arange(65536, dtype=np.uint16)
    digest = {"float16": every.view(np.float16).astype(np.float32), "bfloat16": (every.astype(np.uint32) << 16).view(np.float32)}
    write_json("half-precision.json", {
        "float32": encode(bits), "float16": encode(half), "bfloat16": encode(brain),
        "sums": {name: float(np.abs(all_of[np.isfinite(all_of)].astype(np.float64)).sum()) for name, all_of in digest.items()},
    })


def safetensors_file() -> None:
    torch.manual_seed(2)
    tensors = {
        "b.weight": torch.randn(3, 5), "a.weight": torch.randn(2, 2, 3), "scalar": torch.tensor(1.5), "empty": torch.zeros(0, 4),
        "half": torch.randn(7).to(torch.float16), "brain": torch.randn(4, 3).to(torch.bfloat16), "a.half": torch.randn(2).half(),
    }
    save_file(tensors, OUT / "floats.safetensors", metadata={"format": "pt"})
    save_file({"steps": torch.arange(3), "wide": torch.tensor([0.1, -2.5], dtype=torch.float64)}, OUT / "other-types.safetensors")
    write_json("floats.json", {
        name: {"dtype": str(t.dtype), "shape": list(t.shape), "values": t.double().flatten().tolist()} for name, t in tensors.items()
    })


def quantized() -> None:
    random = np.random.default_rng(3)
    result = {}
    for name in ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"]:
        values = (random.standard_normal((3, 64)) * 2).astype(np.float32)
        stored = gguf.quants.quantize(values, TYPES[name])
        result[name] = {"bytes": encode(stored), "values": encode(gguf.quants.dequantize(stored, TYPES[name]))}
    # The package cannot quantise to these: random bytes with ordinary scales stand for them.
    for name, scales in {"Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}.items():
        size = gguf.GGML_QUANT_SIZES[TYPES[name]][1]
        blocks = random.integers(0, 256, (3, size), dtype=np.uint8)
        for at in scales:
            blocks[:, at : at + 2] = (random.standard_normal((3, 1)) / 8).astype(np.float16).view(np.uint8)
        result[name] = {"bytes": encode(blocks), "values": encode(gguf.quants.dequantize(blocks, TYPES[name]))}
    write_json("quantized.json", result)


def positions_and_splits() -> None:
    config = LlamaConfig(
        hidden_size=2048, num_attention_heads=32, max_position_embeddings=131072,
        rope_parameters={"rope_type": "llama3", "rope_theta": 5e5, "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192},
    )
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    plain = 1.0 / (5e5 ** (torch.arange(0, 64, 2, dtype=torch.float64) / 64))
    write_json("llama3-rope.json", (plain / scaled.double()).tolist())
    write_json("splits.json", {name: GGUF_PRE_TOKENIZER_SPLITS[name] for name in ["llama-bpe", "smaug-bpe", "dbrx", "gpt-4o", "tekken", "qwen2", "deepseek-r1-qwen"]})


def permute(weights: np.ndarray, heads: int) -> np.ndarray:
    """What llama.cpp's convert_hf_to_gguf.py does to q and k of the architecture `llama`."""
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def corpus() -> list[str]:
    return (STRINGS * 3) + [Path(__file__).read_text()]


def sentence_piece(writer: gguf.GGUFWriter, size: int, runs_of_spaces: bool = False) -> sentencepiece.SentencePieceProcessor:
    """With `runs_of_spaces` as in Gemma: such runs are user-defined, and the converter writes them with real spaces."""
    model = io.BytesIO()
    user_defined = ["<think>"] + (["▁" * n for n in range(2, 6)] if runs_of_spaces else [])
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(line for text in corpus() for line in text.split("\n")), model_writer=model, vocab_size=size,
        model_type="bpe", byte_fallback=True, character_coverage=0.98, add_dummy_prefix=True, normalization_rule_name="identity",
        remove_extra_whitespaces=False, split_digits=True, user_defined_symbols=user_defined, allow_whitespace_only_pieces=True,
    )
    spm = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    kinds = gguf.TokenType
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    pieces = [spm.id_to_piece(i) for i in range(size)]
    writer.add_token_list([piece.replace("▁", " ") if piece in user_defined else piece for piece in pieces])
    writer.add_token_scores([spm.get_score(i) for i in range(size)])
    writer.add_token_types([
        kinds.UNKNOWN if spm.is_unknown(i) else kinds.CONTROL if spm.is_control(i) else kinds.BYTE if spm.is_byte(i)
        else kinds.USER_DEFINED if pieces[i] in user_defined else kinds.NORMAL for i in range(size)
    ])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    return spm


def byte_level(writer: gguf.GGUFWriter, size: int, specials: list[str], pre: str = "qwen2") -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    split = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(split), behavior="isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size - len(specials) - 8, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    tokenizer.add_special_tokens(specials)
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    unused = [f"[PAD{i}]" for i in range(len(vocabulary), size)]
    kinds = gguf.TokenType
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list([token for token, _ in vocabulary] + unused)
    writer.add_token_types(
        [kinds.CONTROL if token in specials else kinds.NORMAL for token, _ in vocabulary] + [kinds.UNUSED] * len(unused)
    )
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_eos_token_id(tokenizer.token_to_id(specials[1]))
    writer.add_pad_token_id(tokenizer.token_to_id(specials[0]))
    writer.add_add_bos_token(False)
    writer.add_chat_template("{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}")
    return tokenizer


NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output", "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}


def stored_name(name: str) -> str:
    stem, kind = name.rsplit(".", 1)
    if stem in NAMES:
        return f"{NAMES[stem]}.{kind}"
    _, _, layer, part = stem.split(".", 3)
    return f"blk.{layer}.{NAMES[part]}.{kind}"


def gguf_model(name: str, model, kinds: dict[str, str], tokenizer) -> None:
    torch.manual_seed(4)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    config, path = model.config, OUT / f"{name}.gguf"
    writer = gguf.GGUFWriter(path, name)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    ids = tokenizer(writer)
    state = {key: value for key, value in model.state_dict().items() if not (config.tie_word_embeddings and key == "lm_head.weight")}
    for key, value in state.items():
        array = value.numpy()
        if name == "llama" and ".q_proj." in key:
            array = permute(array, config.num_attention_heads)
        if name == "llama" and ".k_proj." in key:
            array = permute(array, config.num_key_value_heads)
        kind = TYPES[next((kind for part, kind in kinds.items() if part in key and array.ndim > 1), "F32")]
        stored = gguf.quants.quantize(np.ascontiguousarray(array), kind)
        writer.add_tensor(stored_name(key), stored, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    # What transformers reads from the same file: the expected weights.
    read = AutoModelForCausalLM.from_pretrained(OUT, gguf_file=path.name, dtype=torch.float32).state_dict()
    expected = {key: read[key].contiguous() for key in state}
    for key, value in state.items():
        if value.ndim == 1 or not any(part in key for part in kinds):
            assert torch.equal(value, expected[key]), key
        assert (value - expected[key]).abs().max() < 0.2, key
    save_file(expected, OUT / f"{name}.safetensors", metadata={"format": "pt"})
    write_json(f"{name}.tokens.json", [[text, ids(text)] for text in STRINGS])


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    half_precision()
    safetensors_file()
    quantized()
    positions_and_splits()
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128}

    def llama_ids(writer):
        spm = sentence_piece(writer, 480)
        return lambda text: spm.encode(text, add_bos=True)

    def qwen_ids(writer):
        tokenizer = byte_level(writer, 400, ["<|endoftext|>", "<|im_end|>", "<|im_start|>"])
        return lambda text: tokenizer.encode(text).ids

    llama = LlamaForCausalLM(LlamaConfig(**shape, num_hidden_layers=2, vocab_size=480, rms_norm_eps=1e-5, rope_parameters={"rope_theta": 5e4, "rope_type": "default"}, tie_word_embeddings=True))
    types = {"embed_tokens": "Q8_0", "layers.0.self_attn.q_proj": "Q8_0", "v_proj": "F16", "o_proj": "BF16", "gate_proj": "Q4_0", "up_proj": "Q4_1"}
    gguf_model("llama", llama, types, llama_ids)
    qwen2 = Qwen2ForCausalLM(Qwen2Config(**shape, num_hidden_layers=1, vocab_size=400, rms_norm_eps=1e-6, rope_parameters={"rope_theta": 1e6, "rope_type": "default"}, tie_word_embeddings=False))
    gguf_model("qwen2", qwen2, {"embed_tokens": "F16", "lm_head": "F16", "q_proj": "F16", "mlp": "F16"}, qwen_ids)


if __name__ == "__main__":
    main()
