"""Dumps what tiktoken makes of difficult texts with the vocabulary o200k_base.

    npm pack js-tiktoken@1.0.21 && tar xf js-tiktoken-1.0.21.tgz
    python scripts/oracles/vocabulary.py package test/dataset-lsp/o200k.json

Needs: tiktoken, which would fetch the vocabulary from OpenAI's server; here it is taken out of the package.
"""

import base64
import json
import re
import sys
from pathlib import Path

import tiktoken

TEXTS = [
    "Hello there, how are you?",
    "I'll say it's THEY'RE we've can't DON'T",
    "Größe naïve façade déjà vu, Zoë's café",
    "日本語のテスト。漢字とかなカナ",
    "Привет, мир! Как дела?",
    "مرحبا بالعالم",
    "🙂🙃 👩‍👩‍👧‍👦 🇩🇪 e\u0301 ﬁ",
    "  two  spaces\t\ttabs \n\n\n lines\r\nCRLF  ",
    "def f(x):\n    return x + 1  # comment\n\n\nclass A:\n\tpass\n",
    "1234567890 3.14159 1,000,000 0x1F",
    "<|endoftext|> and <|im_start|> are only text here",
    "https://example.org/path/to?x=1&y=2#frag /usr/local/bin\n//comment\n",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "camelCaseWordsAndHTTPServerNames snake_case_names",
    "\u00a0no-break\u2003em space\ufeffBOM\u0085next",
    "!!!???...---***===",
    "x" * 300 + "yz" * 200,
    "",
]


def main():
    folder, out = sys.argv[1:]
    source = (Path(folder) / "dist/ranks/o200k_base.cjs").read_text(encoding="utf-8")
    ranks = {}
    for line in re.findall(r"! \d+ [A-Za-z0-9+/= ]+", source):
        _, first, *tokens = line.split(" ")
        for i, token in enumerate(tokens):
            ranks[base64.b64decode(token)] = int(first) + i
    # Written as OpenAI's tiktoken_ext/openai_public.py has it.
    pattern = "|".join(
        [
            r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
            r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
            r"""\p{N}{1,3}""",
            r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""",
            r"""\s*[\r\n]+""",
            r"""\s+(?!\S)""",
            r"""\s+""",
        ]
    )
    encoding = tiktoken.Encoding("o200k_base", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    cases = [{"text": text, "ids": encoding.encode(text)} for text in TEXTS]
    Path(out).write_text(json.dumps(cases, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


main()
