"""The checks that people run by hand: json.loads and those of OpenAI's fine-tuning cookbook, on the same file.

    python peer.py FILE

Prints one JSON object: records, errors, seconds, cpuSeconds, peakBytes.
"""

import json
import resource
import sys
import time
from collections import defaultdict

KEYS = {"role", "content", "name", "function_call", "weight"}
ROLES = {"system", "user", "assistant", "function"}


def check(dataset):
    """Counts what the cookbook's notebook reports, error by error."""
    errors = defaultdict(int)
    for example in dataset:
        if not isinstance(example, dict):
            errors["data_type"] += 1
            continue
        messages = example.get("messages")
        if not messages:
            errors["missing_messages_list"] += 1
            continue
        for message in messages:
            if "role" not in message or "content" not in message:
                errors["message_missing_key"] += 1
            if any(key not in KEYS for key in message):
                errors["message_unrecognized_key"] += 1
            if message.get("role") not in ROLES:
                errors["unrecognized_role"] += 1
            content = message.get("content")
            if (not content and not message.get("function_call")) or not isinstance(content, str):
                errors["missing_content"] += 1
        if not any(message.get("role") == "assistant" for message in messages):
            errors["example_missing_assistant_message"] += 1
    return errors


def main():
    started = time.perf_counter()
    with open(sys.argv[1], encoding="utf-8") as file:
        dataset = [json.loads(line) for line in file]
    errors = check(dataset)
    seconds = time.perf_counter() - started
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "records": len(dataset),
                "errors": sum(errors.values()),
                "seconds": seconds,
                "cpuSeconds": usage.ru_utime + usage.ru_stime,
                "peakBytes": usage.ru_maxrss * 1024,
            }
        )
    )


main()
