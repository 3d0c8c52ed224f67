"""Makes test/export/oracles/gguf-blocks.json: numbers, and the blocks that llama.cpp quantises them to.

    python scripts/oracles/gguf_blocks.py     (packages: scripts/oracles/training/requirements.txt; after npm install)

Q8_0 and Q4_0 are the same in llama.cpp's `gguf` package and in the library of ggml in node_modules (Linux x64); Q6_K, which the
package cannot write, comes from the library.
"""

import base64
import ctypes
import json
from pathlib import Path

import gguf
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/libggml-base.so"
TYPES = gguf.GGMLQuantizationType


def encode(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def by_ggml(name: str, values: np.ndarray) -> np.ndarray:
    block, size = gguf.GGML_QUANT_SIZES[TYPES[name]]
    target = np.zeros(values.size // block * size, np.uint8)
    pointer = lambda array: array.ctypes.data_as(ctypes.c_void_p)
    function = getattr(ctypes.CDLL(str(LIBRARY)), f"quantize_row_{name.replace('Q', 'q')}_ref")
    function(pointer(values), pointer(target), ctypes.c_int64(values.size))
    return target


def main() -> None:
    random = np.random.default_rng(8)
    rows = (random.standard_normal((16, 512)) * 10.0 ** random.integers(-4, 3, (16, 1))).astype(np.float32)
    rows[3, :256] = 0
    rows[4, 32:64] = 0
    rows[5] = np.round(rows[5] * 4) / 4 + 0.0  # Ties; and no −0, of which package and library make zeros of different signs.
    rows[6] = np.abs(rows[6])
    rows[7, ::5] *= 30
    rows[8] *= 1e-6
    values = rows.reshape(-1)
    package = {name: gguf.quants.quantize(rows, TYPES[name]).reshape(-1) for name in ("Q8_0", "Q4_0")}
    for name, data in package.items():
        assert np.array_equal(data, by_ggml(name, values)), name
    blocks = {name: encode(data) for name, data in package.items()} | {"Q6_K": encode(by_ggml("Q6_K", values))}
    path = ROOT / "test/export/oracles/gguf-blocks.json"
    path.write_text(json.dumps({"values": encode(values), "blocks": blocks}) + "\n")
    print(f"{path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
