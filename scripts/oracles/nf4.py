"""Makes test/training/weights/oracles/nf4.json: how bitsandbytes quantises to NF4 and decodes it again.

    python scripts/oracles/nf4.py        (packages: scripts/oracles/training/requirements.txt)

bitsandbytes' native library for the processor looks 8-bit codes up in a rounded table and misses the nearest one in
about one of a thousand; its portable code and its GPU kernels do not. So the library is kept away here.
"""

import base64
import ctypes
import json
from pathlib import Path

import numpy as np
import torch


def no_library(*_args, **_kwargs):
    raise OSError("kept away")


ctypes.cdll.LoadLibrary = no_library
import bitsandbytes.functional as bnb  # noqa: E402

OUT = Path(__file__).resolve().parents[2] / "test/training/weights/oracles/nf4.json"


def encode(tensor: torch.Tensor) -> str:
    return base64.b64encode(np.ascontiguousarray(tensor.numpy()).tobytes()).decode()


def generated(count: int) -> torch.Tensor:
    """Sums of three uniform numbers, exact in float32, that the test makes again; blocks differ in size."""
    state, values = 1, []
    for i in range(count):
        total = 0
        for _ in range(3):
            state = (1664525 * state + 1013904223) % 2**32
            total += (state >> 8) - 2**23
        values.append(total * 2.0 ** (-30 - (i // 64) % 3))
    return torch.tensor(values, dtype=torch.float32)


def special() -> torch.Tensor:
    """Middles between codes and their neighbours, zeros, blocks of zeros, both signs of the largest."""
    code = bnb.get_4bit_type("nf4", device="cpu")
    middles = (code[1:] + code[:-1]) / 2
    ties = torch.cat([middles, middles.nextafter(torch.tensor(2.0)), middles.nextafter(torch.tensor(-2.0)), code, torch.zeros(3)])
    negative = torch.linspace(-3.0, 0.5, 64)
    tiny = torch.linspace(-1.0, 1.0, 64) * 1e-30
    half = torch.linspace(-0.02, 0.03, 64).bfloat16().float()
    return torch.cat([ties, torch.zeros(64), negative, tiny, half, -ties, torch.linspace(-1, 0.9, 26)])


def case(weights: torch.Tensor) -> dict:
    codes, plain = bnb.quantize_4bit(weights, blocksize=64, quant_type="nf4")
    again, nested = bnb.quantize_4bit(weights, blocksize=64, quant_type="nf4", compress_statistics=True)
    assert torch.equal(codes, again)
    return {
        "count": weights.numel(),
        "codes": encode(codes),
        "scales": encode(plain.absmax),
        "decoded": encode(bnb.dequantize_4bit(codes, plain)[:512]),
        "nestedCodes": encode(nested.absmax),
        "nestedScales": encode(nested.state2.absmax),
        "offset": encode(nested.offset.reshape(1)),
        "nestedDecoded": encode(bnb.dequantize_4bit(codes, nested)[:512]),
    }


def main() -> None:
    large = generated(300 * 64)
    record = {
        "dynamicMap": encode(bnb.create_dynamic_map()),
        "generated": case(large),
        "special": {"weights": encode(special())} | case(special()),
    }
    OUT.write_text(json.dumps(record, indent=1) + "\n")
    print(OUT, OUT.stat().st_size)


if __name__ == "__main__":
    main()
