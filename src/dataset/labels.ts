import type { Message } from './conversation';
import type { Conversation, Example, PlainText } from './conversation';
import type { EncodedExample } from './example';
import type { ChatTemplate, Span } from './template';
import type { Encoding, Tokenizer } from './tokenizer';

/** How records become tokens: the same for the linter, the trainer, the preview and the evaluation. */
export interface EncodeOptions {
  readonly template: ChatTemplate;
  readonly tokenizer: Tokenizer;
  /** Most tokens of a record; the rest is cut off. */
  readonly maxLength: number;
}

/**
 * Tokens and labels of one example. Trained are the assistant's tokens and its end-of-turn token (in plain text: the
 * completion and the end-of-text token). A token that lies across the border of a trained part is trained.
 * Throws a `Failure` (code `template`) when the chat template refuses the conversation.
 */
export function encodeExample(example: Example, options: EncodeOptions & { readonly line: number }): EncodedExample {
  const { tokens, trained } =
    example.kind === 'plain' ? encodePlain(example, options.tokenizer) : encodeConversation(example, options);
  const kept = Math.min(tokens.length, options.maxLength);
  const all = trained.reduce<number>((sum, one) => sum + one, 0);
  const left = trained.slice(0, kept);
  return {
    line: options.line,
    tokens: Int32Array.from(tokens.slice(0, kept)),
    trained: Uint8Array.from(left),
    lostTokens: tokens.length - kept,
    lostTrainedTokens: all - left.reduce<number>((sum, one) => sum + one, 0),
  };
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
  /** Examples that were cut. */
  readonly cutExamples: number;
  /** Examples without one trained token left. */
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
    const trained = example.trained.reduce((sum, one) => sum + one, 0);
    count++;
    tokens += example.tokens.length;
    trainedTokens += trained;
    lostTokens += example.lostTokens;
    lostTrainedTokens += example.lostTrainedTokens;
    if (example.lostTokens > 0) cutExamples++;
    if (trained === 0) untrainableExamples++;
    minTokens = Math.min(minTokens, example.tokens.length);
    maxTokens = Math.max(maxTokens, example.tokens.length);
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
  readonly tokens: number[];
  readonly trained: number[];
}

function encodeConversation(conversation: Conversation, { template, tokenizer }: EncodeOptions): Labelled {
  const { text, trainedSpans } = template.render(conversation);
  const encoding = tokenizer.encode(text);
  const body = encoding.aligned ? label(encoding, trainedSpans) : labelByPart(text, trainedSpans, tokenizer);
  const prefix = prefixFor(body.tokens, template, tokenizer);
  return { tokens: [...prefix, ...body.tokens], trained: [...prefix.map(() => 0), ...body.trained] };
}

/** A model's own template writes its special tokens itself; only the built-in ones leave that to the tokenizer. */
function prefixFor(ids: ArrayLike<number>, template: ChatTemplate, tokenizer: Tokenizer): readonly number[] {
  if (template.source === 'model') return [];
  return tokenizer.prefix.length > 0 && tokenizer.prefix[0] === ids[0] ? [] : tokenizer.prefix;
}

function encodePlain(example: PlainText, tokenizer: Tokenizer): Labelled {
  const text = example.masked + example.trained;
  const spans = [{ start: example.masked.length, end: text.length }];
  const encoding = tokenizer.encode(text);
  const body = encoding.aligned ? label(encoding, spans) : labelByPart(text, spans, tokenizer);
  const tokens = [...tokenizer.prefix, ...body.tokens];
  const trained = [...tokenizer.prefix.map(() => 0), ...body.trained];
  const eos = tokenizer.eos?.id;
  const after = tokenizer.suffix.length > 0 ? tokenizer.suffix : eos === undefined ? [] : [eos];
  if (eos !== undefined && tokens.at(-1) === eos) return { tokens, trained };
  for (const id of after) {
    tokens.push(id);
    trained.push(1);
  }
  return { tokens, trained };
}

function label(encoding: Encoding, spans: readonly Span[]): Labelled {
  const trained: number[] = new Array<number>(encoding.ids.length).fill(0);
  let first = 0;
  for (let i = 0; i < trained.length; i++) {
    const start = encoding.starts[i]!;
    const end = encoding.ends[i]!;
    while (first < spans.length && spans[first]!.end <= start) first++;
    const span = spans[first];
    // A token without text of its own (a marker put before a word) belongs to what follows it.
    if (span && (end > start ? end > span.start : start >= span.start)) trained[i] = 1;
  }
  return { tokens: Array.from(encoding.ids), trained };
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
  return { tokens, trained };
}
