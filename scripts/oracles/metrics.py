"""Dumps what sacrebleu, rouge_score, scikit-learn and the SQuAD 2.0 script make of varied pairs of texts.

    python scripts/oracles/metrics.py test/evaluation/metrics/dump.json

Needs: sacrebleu 2.6.0, rouge_score 0.1.2 with nltk 3.10.4, scikit-learn 1.9.1, and transformers, whose
`data/metrics/squad_metrics.py` holds the functions of SQuAD's evaluate-v2.0.py, with PyTorch.
"""

import json
import random
import sys

import numpy as np
import torch
from nltk.stem.porter import PorterStemmer
from rouge_score import rouge_scorer
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.significance import _compute_p_value
from sklearn.metrics import accuracy_score, f1_score
from transformers.data.metrics.squad_metrics import compute_exact, compute_f1

TEXTS = [
    "The cat sat on the mat.",
    "A quick brown fox jumps over the lazy dog, again and again!",
    "Prices rose by 3.5% to $1,234.56 in 2019; analysts' forecasts were 2-3% lower (see p. 17).",
    "He said: \"I can't believe it's not butter\" -- and left.",
    "Größe, naïve façade, déjà vu: Zoë's café in São Paulo costs 12€.",
    "Привет, мир! Как дела? Сегодня 25-е число.",
    "今天天气很好,我们去公园散步吧。价格是3,500元!",
    "日本語のテスト。漢字とかなとカタカナ、全部。",
    "مرحبا بالعالم، كيف حالك؟ ١٢٣",
    "नमस्ते दुनिया। यह एक परीक्षण है।",
    "🙂🙃 emoji 👩‍👩‍👧‍👦, 🇩🇪! e\u0301 ﬁ ligature",
    "First line of a summary.\nSecond line, relational conditions.\n\nThird: the happily running ponies.",
    "&quot;Tom &amp; Jerry&quot; &lt;b&gt; <skipped> hyphen-\nated word",
    "  spaces\u00a0no-break\u2003em\tTab\u0085next\ufeffBOM\x1cseparator  ",
    "def f(x):\n    return x**2 + 1  # comment_with_underscores",
    "Dying skies; flies, tied, spied, agreed, feed, controlling, hopping, falling, filing, sized, enjoyment, apology",
    "generalizations oscillators vietnamization adjustable rational hopefulness sensibility probate rate cease roll",
    "An answer. A thought; the end? aN the a",
    "İstanbul ΟΔΥΣΣΕΥΣ STRASSE straße Kelvin K",
    "Q&A: 100.000,5 vs. 1.5.2... wait—what?! [sic] {x} |y| ~z ^ ` + = # @home *star*",
    "yes",
    "No.",
    "42",
    "3.14",
    "",
    " ",
    ".",
    "the",
    "\n",
    "½ ² Ⅳ ① 〇 × ÷ € ° ™ §",
]
ROUGE = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
LABELS = ["billing", "bug", "praise", "other", "größe"]


def varied(rng, text):
    """The text with some changes of the kinds that models make."""
    words = text.split(" ")
    for _ in range(rng.randint(0, 3)):
        kind = rng.randrange(8)
        i = rng.randrange(len(words))
        if kind == 0:
            del words[i]
            words = words or [""]
        elif kind == 1:
            words.insert(i, rng.choice(rng.choice(TEXTS).split(" ")))
        elif kind == 2:
            rng.shuffle(words)
        elif kind == 3:
            words[i] = words[i].upper()
        elif kind == 4:
            words[i] += rng.choice(".,;:!?)-'\"。、")
        elif kind == 5:
            words.insert(i, words[i])
        elif kind == 6:
            words[i] = words[i] + "\n"
        else:
            words[i] = words[i][::-1] if rng.random() < 0.5 else words[i] + str(rng.randint(0, 99))
    return " ".join(words)


def pairs():
    rng = random.Random(7)
    rows = [(text, [text]) for text in TEXTS]
    rows += [("", [TEXTS[0]]), (TEXTS[1], [""]), ("", [""]), (TEXTS[6], [TEXTS[7]]), (TEXTS[5], [TEXTS[0]])]
    while len(rows) < 200:
        text = rng.choice(TEXTS)
        rows.append((varied(rng, text), [varied(rng, text)]))
    while len(rows) < 250:
        text = rng.choice(TEXTS)
        rows.append((varied(rng, text), [varied(rng, text) for _ in range(rng.randint(2, 3))]))
    words = [word for text in TEXTS for word in text.split()]
    for _ in range(2):
        long = [rng.choice(words) for _ in range(700)]
        other = [word for word in long if rng.random() < 0.8]
        rows.append((" ".join(long), [" ".join(other).replace(". ", ".\n")]))
    return rows


def bleus():
    made = {}
    for tokenize in ("13a", "intl", "char", "none"):
        made[f"{tokenize}/exp"] = {"tokenize": tokenize}
    for smooth in ("floor", "add-k", "none"):
        made[f"13a/{smooth}"] = {"smooth_method": smooth}
    made["13a/exp/lc"] = {"lowercase": True}
    return made


def by_reference(rows):
    """sacrebleu wants the first references of all rows, then the second of all, with None where there is none."""
    most = max(len(references) for _, references in rows)
    return [[references[i] if i < len(references) else None for _, references in rows] for i in range(most)]


def rouge_values(prediction, references, stem):
    scores = rouge_scorer.RougeScorer(ROUGE, use_stemmer=stem).score_multi(references, prediction)
    return [value for name in ROUGE for value in scores[name]]


class Random:
    """The random numbers of src/common/random.ts (sfc32, seeded through splitmix32)."""

    def __init__(self, seed, stream):
        state = seed ^ ((stream + 1) * 0x9E3779B9)
        parts = []
        for _ in range(3):
            state = (state + 0x9E3779B9) & 0xFFFFFFFF
            t = state ^ (state >> 16)
            t = (t * 0x21F0AAAD) & 0xFFFFFFFF
            t ^= t >> 15
            t = (t * 0x735A2D97) & 0xFFFFFFFF
            parts.append(t ^ (t >> 15))
        self.a, self.b, self.c = parts
        self.d = 1
        for _ in range(12):
            self.next()

    def next(self):
        t = (self.a + self.b + self.d) & 0xFFFFFFFF
        self.d = (self.d + 1) & 0xFFFFFFFF
        self.a = self.b ^ (self.b >> 9)
        self.b = (self.c + (self.c << 3)) & 0xFFFFFFFF
        self.c = ((self.c << 21) | (self.c >> 11)) & 0xFFFFFFFF
        self.c = (self.c + t) & 0xFFFFFFFF
        return t / 4294967296

    def integer(self, n):
        return int(self.next() * n)


def text_rows(rows):
    return [{"prediction": prediction, "references": references} for prediction, references in rows]


def perplexity():
    """Rows of negative log-likelihoods, and exp of torch's cross-entropy over all their tokens."""
    torch.manual_seed(5)
    logits = [torch.randn(length, 50, dtype=torch.float64) for length in (1, 7, 40, 200)]
    labels = [torch.randint(0, 50, (len(row),)) for row in logits]
    each = [torch.nn.functional.cross_entropy(a, b, reduction="none").tolist() for a, b in zip(logits, labels)]
    return {"rows": each, "value": torch.nn.functional.cross_entropy(torch.cat(logits), torch.cat(labels)).exp().item()}


def resampling(rows):
    """Intervals and tests as sacrebleu has them, on the random numbers of the product."""
    samples, seed = 300, 12345
    # The second model answers some rows better and some worse.
    tuned = [varied(random.Random(i), references[0] if i % 5 else "") for i, (_, references) in enumerate(rows)]
    found = {"samples": samples, "seed": seed, "rows": text_rows(rows)}
    found["tuned"] = text_rows([(answer, references) for answer, (_, references) in zip(tuned, rows)])
    for name, metric in (("bleu", BLEU()), ("chrf", CHRF())):
        references = by_reference(rows)
        base = metric._extract_corpus_statistics([prediction for prediction, _ in rows], references)
        other = metric._extract_corpus_statistics(tuned, references)
        score = lambda stats: metric._compute_score_from_stats([float(x) for x in np.sum(stats, axis=0)]).score
        rng = Random(seed, 0)
        draws = [[rng.integer(len(rows)) for _ in rows] for _ in range(samples)]
        a = np.array([score([base[i] for i in draw]) for draw in draws])
        b = np.array([score([other[i] for i in draw]) for draw in draws])
        difference = score(other) - score(base)
        absolute = np.abs(b - a)
        rng = Random(seed, 0)
        shuffled = []
        for _ in range(samples):
            swaps = [rng.next() < 0.5 for _ in rows]
            one = score([other[i] if swap else base[i] for i, swap in enumerate(swaps)])
            two = score([base[i] if swap else other[i] for i, swap in enumerate(swaps)])
            shuffled.append(abs(two - one))
        found[name] = {
            "base": score(base),
            "tuned": score(other),
            "interval": np.percentile(a, [2.5, 97.5]).tolist(),
            "difference": np.percentile(b - a, [2.5, 97.5]).tolist(),
            "bootstrap": _compute_p_value(absolute - absolute.mean(), abs(difference)),
            "randomization": _compute_p_value(np.array(shuffled), abs(difference)),
        }
    return found


def classification():
    rng = random.Random(3)
    truth = [rng.choice(LABELS[:4]) for _ in range(240)]
    found = [label if rng.random() < 0.6 else rng.choice(LABELS) for label in truth]
    values = {
        average: f1_score(truth, found, average=average, zero_division=0) for average in ("macro", "micro", "weighted")
    }
    return {"truth": truth, "predictions": found, "accuracy": accuracy_score(truth, found), **values}


def main():
    rows = pairs()
    predictions = [prediction for prediction, _ in rows]
    bleu = {}
    signatures = {}
    for name, options in bleus().items():
        each = BLEU(effective_order=True, **options)
        sentence = [each.sentence_score(prediction, references).score for prediction, references in rows]
        whole = BLEU(**options)
        bleu[name] = {"sentence": sentence, "corpus": whole.corpus_score(predictions, by_reference(rows)).score}
        signatures[name] = str(whole.get_signature())
    chrf = {}
    for name, options in {"chrf": {}, "chrf++": {"word_order": 2}, "chrf/lc": {"lowercase": True}}.items():
        metric = CHRF(**options)
        sentence = [metric.sentence_score(prediction, references).score for prediction, references in rows]
        chrf[name] = {"sentence": sentence, "corpus": metric.corpus_score(predictions, by_reference(rows)).score}
        signatures[name] = str(metric.get_signature())
    words = sorted({word for text in TEXTS for word in text.lower().split() if word.isascii() and word.isalpha()})
    suffixes = "ational tional enci anci izer abli alli entli eli ousli ization ation ator alism iveness fulness ousness"
    suffixes += " aliti iviti biliti fulli logi icate ative alize iciti ical ful ness al ance ence er ic able ible ant"
    suffixes += " ement ment ent sion tion ou ism ate iti ous ive ize ed ing eed ies ied sses ss s y e ll bled izing"
    words += [stem + suffix for stem in ("tr", "relat", "commun", "y", "sky", "hopp", "oy") for suffix in suffixes.split()]
    words += "sky skies dying lying tying news innings outing cannings howe proceed exceed succeed yyyy bees".split()
    words += "toyed toying played snowed boxed mixing".split()
    dump = {
        "rows": text_rows(rows),
        "bleu": bleu,
        "chrf": chrf,
        "signatures": signatures,
        "rouge": {
            "stem": [rouge_values(prediction, references, True) for prediction, references in rows],
            "plain": [rouge_values(prediction, references, False) for prediction, references in rows],
        },
        "stems": {word: PorterStemmer().stem(word) for word in words},
        "squad": [
            [max(compute_exact(r, p) for r in references), max(compute_f1(r, p) for r in references)]
            for p, references in rows
        ],
        "classification": classification(),
        "perplexity": perplexity(),
        "resampling": resampling(rows[40:160]),
    }
    rounded = json.loads(json.dumps(dump), parse_float=lambda text: round(float(text), 9))
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(rounded, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


main()
