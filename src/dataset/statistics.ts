/** Numbers about a whole file, gathered record by record: what is in it, how long, who speaks, what is trained. */
import type { Role } from './conversation';
import type { EncodedExample } from './example';
import type { FormatId, Turn } from './formats';

export interface DatasetStatistics {
  readonly format: FormatId | null;
  /** Lines that are not blank. */
  readonly records: number;
  /** Records that can be read as the format. The numbers below are theirs. */
  readonly usable: number;
  readonly turns: Spread;
  readonly characters: Spread;
  readonly roles: readonly RoleStatistics[];
  /** Assistant turns that refuse, of all assistant turns. */
  readonly answers: number;
  readonly refusals: number;
  /** Absent when nothing was tokenised. */
  readonly tokens: TokenStatistics | null;
}

export interface RoleStatistics {
  readonly role: Role;
  readonly turns: number;
  readonly characters: number;
  /** Tokens of the texts by themselves, without what the chat template writes around them. */
  readonly tokens: number;
}

/** Of one number for each record. Percentiles are nearest-rank. */
export interface Spread {
  readonly min: number;
  readonly p5: number;
  readonly median: number;
  readonly mean: number;
  readonly p95: number;
  readonly max: number;
}

export interface TokenStatistics {
  /** Counted with another vocabulary than the model's. */
  readonly estimate: boolean;
  readonly maxLength: number;
  /** Of whole records, before the cut. */
  readonly total: number;
  /** Trained tokens that are left after the cut. */
  readonly trained: number;
  readonly perRecord: Spread;
  readonly cutRecords: number;
  readonly lostTokens: number;
  readonly lostTrainedTokens: number;
  readonly histogram: Histogram;
  readonly openai: OpenAiCost;
}

/** `counts[i]`: records of `i × width` to `(i + 1) × width − 1` tokens; the last bin also has all longer ones. */
export interface Histogram {
  readonly width: number;
  readonly counts: readonly number[];
}

/** What OpenAI would train and bill, by the rules of its cookbook (Chat_finetuning_data_prep). */
export interface OpenAiCost {
  readonly epochs: number;
  /** Tokens of all epochs, each record cut at the limit. */
  readonly billedTokens: number;
  readonly limit: number;
}

export interface RecordTokens {
  readonly total: number;
  readonly trained: number;
  readonly lost: number;
  readonly lostTrained: number;
}

export function tokensOf(example: EncodedExample): RecordTokens {
  let trained = 0;
  for (const one of example.trained) trained += one;
  return {
    total: example.tokens.length + example.lostTokens,
    trained,
    lost: example.lostTokens,
    lostTrained: example.lostTrainedTokens,
  };
}

export class StatisticsBuilder {
  readonly #maxLength: number;
  readonly #estimate: boolean;
  readonly #isRefusal: (text: string) => boolean;
  readonly #countTokens: ((text: string) => number) | undefined;
  readonly #turns = new Numbers();
  readonly #characters = new Numbers();
  readonly #tokens = new Numbers();
  readonly #roles = new Map<Role, { turns: number; characters: number; tokens: number }>();
  #records = 0;
  #answers = 0;
  #refusals = 0;
  #trained = 0;
  #cut = 0;
  #lost = 0;
  #lostTrained = 0;
  #billed = 0;

  constructor(options: {
    readonly isRefusal: (text: string) => boolean;
    /** Tokens of a text by itself; without it nothing is said about tokens. */
    readonly countTokens?: ((text: string) => number) | undefined;
    readonly maxLength: number;
    readonly estimate: boolean;
  }) {
    this.#isRefusal = options.isRefusal;
    this.#countTokens = options.countTokens;
    this.#maxLength = options.maxLength;
    this.#estimate = options.estimate;
  }

  /** A line that is not blank, whatever it holds. */
  addLine(): void {
    this.#records++;
  }

  /** A record of the format. `tokens` is missing where it could not be tokenised. */
  addRecord(turns: readonly Turn[], tokens?: RecordTokens): void {
    let characters = 0;
    for (const { role, text, side } of turns) {
      const sums = this.#roles.get(role) ?? { turns: 0, characters: 0, tokens: 0 };
      sums.turns++;
      sums.characters += text.length;
      if (this.#countTokens) sums.tokens += this.#countTokens(text);
      this.#roles.set(role, sums);
      characters += text.length;
      if (role !== 'assistant' || side === 'rejected') continue;
      this.#answers++;
      if (this.#isRefusal(text)) this.#refusals++;
    }
    this.#turns.add(turns.length);
    this.#characters.add(characters);
    if (!tokens) return;
    this.#tokens.add(tokens.total);
    this.#trained += tokens.trained;
    this.#lost += tokens.lost;
    this.#lostTrained += tokens.lostTrained;
    this.#billed += Math.min(tokens.total, OPENAI_LIMIT);
    if (tokens.lost > 0) this.#cut++;
  }

  result(format: FormatId | null): DatasetStatistics {
    return {
      format,
      records: this.#records,
      usable: this.#turns.length,
      turns: this.#turns.spread(),
      characters: this.#characters.spread(),
      roles: [...this.#roles].map(([role, sums]) => ({ role, ...sums })),
      answers: this.#answers,
      refusals: this.#refusals,
      tokens: this.#tokens.length === 0 ? null : this.#tokenStatistics(),
    };
  }

  #tokenStatistics(): TokenStatistics {
    const epochs = openAiEpochs(this.#tokens.length);
    return {
      estimate: this.#estimate,
      maxLength: this.#maxLength,
      total: this.#tokens.sum,
      trained: this.#trained,
      perRecord: this.#tokens.spread(),
      cutRecords: this.#cut,
      lostTokens: this.#lost,
      lostTrainedTokens: this.#lostTrained,
      histogram: this.#tokens.histogram(this.#maxLength),
      openai: { epochs, billedTokens: this.#billed * epochs, limit: OPENAI_LIMIT },
    };
  }
}

// The limits of the cookbook's notebook: 3 epochs, moved so that between 100 and 25,000 examples are seen.
const OPENAI_LIMIT = 65_536;
const TARGET_EPOCHS = 3;
const LEAST_SEEN = 100;
const MOST_SEEN = 25_000;
const MOST_EPOCHS = 25;

/** Default number of epochs of OpenAI's fine-tuning for a number of examples. */
export function openAiEpochs(examples: number): number {
  if (examples * TARGET_EPOCHS < LEAST_SEEN)
    return Math.min(MOST_EPOCHS, Math.floor(LEAST_SEEN / Math.max(1, examples)));
  if (examples * TARGET_EPOCHS > MOST_SEEN) return Math.max(1, Math.floor(MOST_SEEN / examples));
  return TARGET_EPOCHS;
}

/** Many non-negative whole numbers; four bytes each, so that millions of records fit. */
class Numbers {
  length = 0;
  sum = 0;
  #values = new Uint32Array(1024);

  add(value: number): void {
    if (this.length === this.#values.length) {
      const wider = new Uint32Array(this.length * 2);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.length++] = value;
    this.sum += value;
  }

  spread(): Spread {
    if (this.length === 0) return { min: 0, p5: 0, median: 0, mean: 0, p95: 0, max: 0 };
    const sorted = this.#values.slice(0, this.length).sort();
    const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
    return {
      min: sorted[0]!,
      p5: rank(0.05),
      median: rank(0.5),
      mean: Math.round((this.sum / this.length) * 10) / 10,
      p95: rank(0.95),
      max: sorted.at(-1)!,
    };
  }

  /** About 25 bins of a round width, one border of which is the limit when some values lie beyond it. */
  histogram(limit: number): Histogram {
    const { p95, max } = this.spread();
    const shown = Math.max(1, Math.min(max, Math.max(p95 * 1.5, max > limit ? limit * 1.5 : 0)));
    const width = max > limit ? dividing(limit, shown / 25) : roundWidth(shown / 25);
    const counts = new Array<number>(Math.max(1, Math.ceil((shown + 1) / width))).fill(0);
    for (let i = 0; i < this.length; i++) {
      const bin = Math.min(counts.length - 1, Math.floor(this.#values[i]! / width));
      counts[bin]!++;
    }
    return { width, counts };
  }
}

/** The smallest of 1, 2, 4, 5, 8 × 10ⁿ and of the powers of two that is not below. */
function roundWidth(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  const decimal = [1, 2, 4, 5, 8, 10].map((n) => n * power).find((n) => n >= least)!;
  const binary = 2 ** Math.ceil(Math.log2(Math.max(1, least)));
  return Math.min(decimal, binary);
}

/** A width not far above `least` that divides the limit. */
function dividing(limit: number, least: number): number {
  const bins = Math.max(1, Math.floor(limit / Math.max(1, least)));
  for (let n = bins; n >= Math.max(1, Math.floor(bins / 2)); n--) if (limit % n === 0) return limit / n;
  return roundWidth(least);
}
