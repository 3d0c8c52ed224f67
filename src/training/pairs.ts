/**
 * Preference pairs, tokenised: both answers, each behind its prompt and with its own labels. The tokens are those of
 * TRL's DPOTrainer; its labels go on to the end of what the template writes (in ChatML a line break after the end of
 * turn), ours end with the end of turn, as in supervised training.
 */
import { Failure } from '../common/failure';
import type { EncodedExample } from '../dataset/example';
import { toPair } from '../dataset/formats/preference';
import { parseLine, splitLines } from '../dataset/jsonl';
import { type EncodeOptions, encodeExample } from '../dataset/labels';
import { asRecord } from '../dataset/shape';

/**
 * Adds the rejected answers to the chosen ones, which the linter has tokenised already.
 * @throws Failure `data-errors` (exit code 2) where the chat template refuses a rejected answer
 */
export function withRejected(
  path: string,
  text: string,
  chosen: readonly EncodedExample[],
  options: EncodeOptions,
): EncodedExample[] {
  const byLine = new Map(chosen.map((example) => [example.line, example]));
  const pairs: EncodedExample[] = [];
  for (const { number: line, start, end } of splitLines(text)) {
    const example = byLine.get(line);
    const parsed = example && parseLine(text.slice(start, end));
    const record = parsed?.ok ? asRecord(parsed.value) : undefined;
    if (!example || !record) continue;
    try {
      pairs.push({ ...example, rejected: encodeExample(toPair(record).rejected, { ...options, line }) });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Failure('data-errors', `${path}:${line} The rejected answer: ${error.message}`, error.hint, 2);
    }
  }
  return pairs;
}

/** Whether the two answers are the same tokens, so that there is nothing to prefer. */
export function isSameAnswer({ tokens, rejected }: EncodedExample): boolean {
  return rejected?.tokens.length === tokens.length && rejected.tokens.every((token, i) => token === tokens[i]);
}
