/** What every generator has to know of prompts, ends and text, whatever runs the model. */
import { Failure } from '../../common/failure';
import type { CheckedBase } from '../../training/base';

/** Token ids that end an answer: the end of a turn in the trained template, and the end of text. */
export function stopTokens({ template, tokenizer }: Pick<CheckedBase, 'template' | 'tokenizer'>): number[] {
  const endOfTurn = template.endOfTurn === undefined ? undefined : tokenizer.tokenId(template.endOfTurn);
  return [...new Set([endOfTurn, tokenizer.eos?.id])].filter((id) => id !== undefined);
}

/** @throws Failure (exit code 2) where so many tokens do not fit after the prompt, or there is no prompt */
export function requireRoom(prompt: Int32Array, after: number, contextLength: number): void {
  if (prompt.length === 0) throw new Failure('prompt-empty', 'The prompt is empty.', 'Write at least one token.', 2);
  if (prompt.length + after <= contextLength) return;
  throw new Failure(
    'prompt-too-long',
    `The prompt has ${prompt.length} tokens; with what follows it there is room for ${contextLength}.`,
    'Shorten the prompt, or allow a longer context.',
    2,
  );
}

/** Tells of the text of growing tokens, whole characters only: the bytes of one may come in several tokens. */
export function createTextStream(
  decode: (tokens: readonly number[]) => string,
  onText: ((text: string) => void) | undefined,
): (tokens: readonly number[], last: boolean) => void {
  let told = 0;
  return (tokens, last) => {
    if (!onText) return;
    const text = decode(tokens);
    const end = last ? text.length : text.search(/\uFFFD+$/);
    const whole = end < 0 ? text.length : end;
    if (whole <= told) return;
    onText(text.slice(told, whole));
    told = whole;
  };
}
