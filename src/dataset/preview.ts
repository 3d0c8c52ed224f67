import { Failure } from '../common/failure';
import type { Example, Role } from './conversation';
import type { Format, FormatId } from './formats';
import { isBlank, parseLine } from './jsonl';
import { encodeExample, type EncodeOptions } from './labels';
import { previewExamples, type NamedExample } from './preview-examples';
import { countTokens, kindOf, type PreviewToken, type TokenCounts } from './preview-tokens';
import { findTurns } from './preview-turns';
import { asRecord, checkShape } from './shape';
import type { ChatTemplate } from './template';
import { tokenTexts } from './token-text';
import type { Tokenizer } from './tokenizer';

/** Tokens that belong together: a message, or a field of a record without messages. */
export interface PreviewTurn {
  /** `template`: written by the template before the first message. `answer`: trained text whose place is not known better. */
  readonly role: Role | 'template' | 'prompt' | 'completion' | 'text' | 'answer';
  /** Range of tokens. */
  readonly start: number;
  readonly end: number;
  readonly counts: TokenCounts;
}

/** One text that the model is given. */
export interface PreviewText {
  /** Two sides for a preference. */
  readonly name: NamedExample['name'];
  /** What is to be known about how it is trained; empty when nothing is. */
  readonly note: string;
  readonly tokens: readonly PreviewToken[];
  readonly turns: readonly PreviewTurn[];
  readonly counts: TokenCounts;
}

/** A record as the model will see it. Plain data: it travels between processes. */
export interface Preview {
  /** 1-based. */
  readonly line: number;
  readonly format: FormatId | null;
  /** Where the chat template comes from; `null` for text without turns, which needs none. */
  readonly template: ChatTemplate['source'] | null;
  readonly maxLength: number;
  /** Name of the base model, where one is known. */
  readonly model: string | null;
  /** Counted with the default vocabulary instead of the model's own. */
  readonly estimate: boolean;
  /** Empty when there is a problem. */
  readonly texts: readonly PreviewText[];
  /** Why the record cannot be shown. */
  readonly problem: { readonly message: string; readonly hint: string } | null;
}

export interface PreviewOptions {
  /** Of the file; `undefined` when its records have the keys of no known format. */
  readonly format: Format | undefined;
  readonly encode: EncodeOptions;
  /** Name of the base model, to be shown. */
  readonly model?: string;
  /** The tokenizer is not the model's own; what `encode` says unless given. */
  readonly estimate?: boolean;
}

/**
 * Every token of a record, also those beyond the maximum length, with what becomes of it. Never throws because of what
 * the line holds: `problem` says why a record cannot be shown.
 * @param source the line without its line end
 * @param line its 1-based number
 */
export function previewRecord(source: string, line: number, options: PreviewOptions): Preview {
  const { format, encode, model = null, estimate = encode.estimate ?? false } = options;
  const { maxLength } = encode;
  const base = { line, format: format?.id ?? null, template: null, maxLength, model, estimate, texts: [] };
  const failed = (message: string, hint: string): Preview => ({ ...base, problem: { message, hint } });
  if (isBlank(source)) return failed('The line is blank: it is no record.', 'Choose a line with a record.');
  const parsed = parseLine(source);
  if (!parsed.ok) return failed(`The line is not valid JSON. ${parsed.error.message}`, 'Correct the line.');
  const value = asRecord(parsed.value);
  if (!value) return failed('The line is not a JSON object.', 'Write the record as {"key": value, …}.');
  if (!format)
    return failed('The record has the keys of no known format.', 'Run the dataset check to see what to change.');
  const [wrong] = checkShape(format.shape, value);
  if (wrong) return failed(wrong.message, `The record is read in the format "${format.id}".`);
  try {
    const examples = previewExamples(value, format);
    const texts = examples.map((named) => previewText(named, encode, line));
    const template = examples.some(({ example }) => example.kind === 'conversation') ? encode.template.source : null;
    return { ...base, template, texts, problem: null };
  } catch (error) {
    if (error instanceof Failure) return failed(error.message, error.hint);
    throw error;
  }
}

function previewText(
  { name, note, example, trained: wanted }: NamedExample,
  encode: EncodeOptions,
  line: number,
): PreviewText {
  const { tokenizer, maxLength } = encode;
  const encoded = encodeExample(example, { ...encode, maxLength: Number.MAX_SAFE_INTEGER, line });
  const ids = encoded.tokens;
  const trained = wanted ? encoded.trained : new Uint8Array(ids.length);
  const texts = tokenTexts(ids, tokenizer);
  const special = new Set(tokenizer.specialTokens.map((token) => tokenizer.tokenId(token)));
  const tokens = texts.map((text, i): PreviewToken => {
    const id = ids[i]!;
    return { id, text, kind: kindOf(trained[i] === 1, i < maxLength), special: special.has(id) };
  });
  const turns = (turnsByPlace(example, encode, ids) ?? turnsByLabel(trained)).map(({ role, start, end }) => ({
    role,
    start,
    end,
    counts: countTokens(tokens, start, end),
  }));
  return { name, note, tokens, turns, counts: countTokens(tokens, 0, tokens.length) };
}

type TokenTurn = Omit<PreviewTurn, 'counts'>;

/** Turns by where their tokens stand in the text; `undefined` when the tokenizer cannot tell. */
function turnsByPlace(
  example: Example,
  { template, tokenizer }: { readonly template: ChatTemplate; readonly tokenizer: Tokenizer },
  ids: Int32Array,
): TokenTurn[] | undefined {
  const { text, turns } = partsOf(example, template);
  const encoding = tokenizer.encode(text);
  // What the tokenizer adds before the text belongs to the first turn, what it adds behind it to the last.
  const before = startOf(encoding.ids, ids, tokenizer.prefix.length);
  if (before === undefined) return undefined;
  const result: TokenTurn[] = [];
  let at = 0;
  turns.forEach(({ role, end }, i) => {
    const start = at;
    if (i === turns.length - 1) at = ids.length;
    else while (at < ids.length && (at < before || encoding.starts[at - before]! < end)) at++;
    if (at > start) result.push({ role, start, end: at });
  });
  return result;
}

function partsOf(
  example: Example,
  template: ChatTemplate,
): { text: string; turns: readonly { readonly role: PreviewTurn['role']; readonly end: number }[] } {
  if (example.kind === 'conversation') {
    const { text } = template.render(example);
    return { text, turns: findTurns(example, text, template) };
  }
  const text = example.masked + example.trained;
  const whole = { role: 'text', end: text.length } as const;
  const halves = [
    { role: 'prompt', end: example.masked.length },
    { role: 'completion', end: text.length },
  ] as const;
  return { text, turns: example.masked === '' ? [whole] : halves };
}

/** Where `part` stands in `ids`: at 0 or behind the prefix. */
function startOf(part: Int32Array, ids: Int32Array, prefix: number): number | undefined {
  return [0, prefix].find((start) => part.every((id, i) => ids[start + i] === id));
}

function turnsByLabel(trained: Uint8Array): TokenTurn[] {
  const turns: TokenTurn[] = [];
  for (let start = 0; start < trained.length;) {
    let end = start;
    while (end < trained.length && trained[end] === trained[start]) end++;
    turns.push({ role: trained[start] ? 'answer' : 'prompt', start, end });
    start = end;
  }
  return turns;
}
