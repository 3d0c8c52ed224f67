import { Failure } from '../common/failure';
import type { Message } from './conversation';
import type { Conversation, Example, PlainText } from './conversation';
import { type EncodedExample, sidesOf } from './example';
import type { ChatTemplate, Span } from './template';
import type { Encoding, Tokenizer } from './tokenizer';

/** How records become tokens: the same for the linter, the trainer, the preview and the evaluation. */
export interface EncodeOptions {
  readonly template: ChatTemplate;
  readonly tokenizer: Tokenizer;
  /** Most tokens of a record; the rest is cut off. */
  readonly maxLength: number;
  /** The tokenizer is not the model's own: the counts are about right. */
  readonly estimate?: true;
}

/**
 * Tokens and labels of one example. Trained are the assistant's tokens and its end-of-turn token (in plain text: the
 * completion and the end-of-text token). A token that lies across the border of a trained part is trained.
 * Throws a `Failure`: code `template` when the chat template refuses the conversation, `unsupported-content` when it
 * has pictures or recordings.
 */
export function encodeExample(example: Example, options: EncodeOptions & { readonly line: number }): EncodedExample {
  requireText(example);
  const { tokens, trained } =
    example.kind === 'plain' ? encodePlain(example, options.tokenizer) : encodeConversation(example, options);
  const kept = Math.min(tokens.length, options.maxLength);
  const cut = kept < tokens.length;
  return {
    line: options.line,
    tokens: cut ? tokens.slice(0, kept) : tokens,
    trained: cut ? trained.slice(0, kept) : trained,
    lostTokens: tokens.length - kept,
    lostTrainedTokens: cut ? sum(trained.subarray(kept)) : 0,
  };
}

function requireText(example: Example): void {
  let media = example.kind === 'plain' ? (example.media ?? 0) : 0;
  if (example.kind === 'conversation') for (const message of example.messages) media += message.media ?? 0;
  if (media > 0)
    throw new Failure(
      'unsupported-content',
      `The record has ${media === 1 ? 'a picture or recording' : `${media} pictures or recordings`}, and only text can be trained.`,
      'Remove the record, or what is not text.',
      2,
    );
}

function sum(marks: Uint8Array): number {
  let total = 0;
  for (let i = 0; i < marks.length; i++) total += marks[i]!;
  return total;
}

/** Tokens that stand before the assistant's next answer: what a model is given to generate from. */
export function encodePrompt(
  prompt: { readonly messages: readonly Message[]; readonly tools?: readonly unknown[] } | string,
  options: Pick<EncodeOptions, 'template' | 'tokenizer'>,
): Int32Array {
  const { tokenizer, template } = options;
  if (typeof prompt === 'string') return Int32Array.from([...tokenizer.prefix, ...tokenizer.encode(prompt).ids]);
  const { ids } = tokenizer.encode(template.renderPrompt(prompt.messages, prompt.tools));
  return Int32Array.from([...prefixFor(ids, template, tokenizer), ...ids]);
}

export interface ExampleTotals {
  readonly examples: number;
  /** After the cut at the maximum length. */
  readonly tokens: number;
  readonly trainedTokens: number;
  readonly lostTokens: number;
  readonly lostTrainedTokens: number;
  /** Examples that were cut, a pair when one of its answers was. */
  readonly cutExamples: number;
  /** Examples without one trained token left, in a pair on one of its sides. */
  readonly untrainableExamples: number;
  readonly minTokens: number;
  readonly maxTokens: number;
}

export function summarizeExamples(examples: Iterable<EncodedExample>): ExampleTotals {
  let count = 0;
  let tokens = 0;
  let trainedTokens = 0;
  let lostTokens = 0;
  let lostTrainedTokens = 0;
  let cutExamples = 0;
  let untrainableExamples = 0;
  let minTokens = Infinity;
  let maxTokens = 0;
  for (const example of examples) {
    count++;
    const sides = sidesOf(example);
    for (const side of sides) {
      tokens += side.tokens.length;
      trainedTokens += sum(side.trained);
      lostTokens += side.lostTokens;
      lostTrainedTokens += side.lostTrainedTokens;
      minTokens = Math.min(minTokens, side.tokens.length);
      maxTokens = Math.max(maxTokens, side.tokens.length);
    }
    if (sides.some((side) => side.lostTokens > 0)) cutExamples++;
    if (sides.some((side) => !side.trained.includes(1))) untrainableExamples++;
  }
  if (count === 0) minTokens = 0;
  return {
    examples: count,
    tokens,
    trainedTokens,
    lostTokens,
    lostTrainedTokens,
    cutExamples,
    untrainableExamples,
    minTokens,
    maxTokens,
  };
}

interface Labelled {
  readonly tokens: Int32Array;
  readonly trained: Uint8Array;
}

const NONE: readonly number[] = [];

function encodeConversation(conversation: Conversation, { template, tokenizer }: EncodeOptions): Labelled {
  const { text, trainedSpans } = template.render(conversation);
  const body = encodeSpans(text, trainedSpans, tokenizer);
  return around(prefixFor(body.tokens, template, tokenizer), body, NONE);
}

/** A model's own template writes its special tokens itself; only the built-in ones leave that to the tokenizer. */
function prefixFor(ids: ArrayLike<number>, template: ChatTemplate, tokenizer: Tokenizer): readonly number[] {
  if (template.source === 'model') return NONE;
  return tokenizer.prefix.length > 0 && tokenizer.prefix[0] === ids[0] ? NONE : tokenizer.prefix;
}

function encodePlain(example: PlainText, tokenizer: Tokenizer): Labelled {
  const text = example.masked + example.trained;
  const body = encodeSpans(text, [{ start: example.masked.length, end: text.length }], tokenizer);
  const eos = tokenizer.eos?.id;
  const ended = eos !== undefined && (body.tokens.at(-1) ?? tokenizer.prefix.at(-1)) === eos;
  const suffix = ended ? NONE : tokenizer.suffix.length > 0 ? tokenizer.suffix : eos === undefined ? NONE : [eos];
  return around(tokenizer.prefix, body, suffix);
}

/** The tokens with untrained ones before and trained ones after. */
function around(prefix: readonly number[], body: Labelled, suffix: readonly number[]): Labelled {
  if (prefix.length === 0 && suffix.length === 0) return body;
  const tokens = new Int32Array(prefix.length + body.tokens.length + suffix.length);
  const trained = new Uint8Array(tokens.length);
  tokens.set(prefix);
  tokens.set(body.tokens, prefix.length);
  trained.set(body.trained, prefix.length);
  tokens.set(suffix, tokens.length - suffix.length);
  trained.fill(1, tokens.length - suffix.length);
  return { tokens, trained };
}

function encodeSpans(text: string, spans: readonly Span[], tokenizer: Tokenizer): Labelled {
  const encoding = tokenizer.encode(text);
  return encoding.aligned ? label(encoding, spans) : labelByPart(text, spans, tokenizer);
}

function label({ ids, starts, ends }: Encoding, spans: readonly Span[]): Labelled {
  const trained = new Uint8Array(ids.length);
  let first = 0;
  for (let i = 0; i < trained.length; i++) {
    const start = starts[i]!;
    const end = ends[i]!;
    while (first < spans.length && spans[first]!.end <= start) first++;
    const span = spans[first];
    if (!span) break;
    // A token without text of its own (a marker put before a word) belongs to what follows it.
    if (end > start ? end > span.start : start >= span.start) trained[i] = 1;
  }
  return { tokens: ids, trained };
}

/** For tokenizers whose normalisation hides where a token stands: the parts are tokenised one by one. */
function labelByPart(text: string, spans: readonly Span[], tokenizer: Tokenizer): Labelled {
  const tokens: number[] = [];
  const trained: number[] = [];
  const add = (from: number, to: number, mark: 0 | 1): void => {
    if (to <= from) return;
    for (const id of tokenizer.encode(text.slice(from, to)).ids) {
      tokens.push(id);
      trained.push(mark);
    }
  };
  let at = 0;
  for (const span of spans) {
    add(at, span.start, 0);
    add(span.start, span.end, 1);
    at = span.end;
  }
  add(at, text.length, 0);
  return { tokens: Int32Array.from(tokens), trained: Uint8Array.from(trained) };
}
