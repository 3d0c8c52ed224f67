"""Counts the tokens of a chat file with Hugging Face's tokenizers: the same tokenizer.json, the same ChatML text.

    python peer_tokens.py FILE TOKENIZER_JSON

Records are read and encoded in batches, on as many threads as the library takes.
Prints one JSON object: records, tokens, seconds, cpuSeconds, peakBytes.
"""

import json
import resource
import sys
import time

from tokenizers import Tokenizer

BATCH = 1000


def text_of(record):
    return "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in record["messages"])


def main():
    tokenizer = Tokenizer.from_file(sys.argv[2])
    started = time.perf_counter()
    records = tokens = 0
    batch = []

    def count():
        return sum(len(encoding.ids) for encoding in tokenizer.encode_batch(batch, add_special_tokens=False))

    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            batch.append(text_of(json.loads(line)))
            records += 1
            if len(batch) == BATCH:
                tokens += count()
                batch = []
    tokens += count()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "records": records,
                "tokens": tokens,
                "seconds": time.perf_counter() - started,
                "cpuSeconds": usage.ru_utime + usage.ru_stime,
                "peakBytes": usage.ru_maxrss * 1024,
            }
        )
    )


main()
