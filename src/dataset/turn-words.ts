import type { Turn } from './formats';
import { asRecord } from './shape';
import { readWords, WordList } from './words';

/** Words of one text among those of others. */
export interface TextWords {
  /** `hashes[start]` to `hashes[end - 1]`. */
  readonly hashes: Uint32Array;
  readonly start: number;
  readonly end: number;
  /** White space characters between its ends. */
  readonly spaces: number;
  /** Words that one of them follows. */
  readonly beforeSpace: number;
}

export interface TurnWords extends TextWords {
  /** Of every character, apart from white space at the ends. */
  readonly exact: number;
  /** They are the words of the turn's text and of nothing else. */
  readonly ofText: boolean;
}

const list = new WordList();
let last: readonly Turn[] | undefined;
let lastWords: readonly TurnWords[] = [];

/**
 * Words of each turn, one behind the other. Valid until it is asked for other turns: rules and comparisons of one record
 * share them, since to read them is most of what both cost.
 */
export function turnWords(turns: readonly Turn[]): readonly TurnWords[] {
  if (turns === last) return lastWords;
  list.clear();
  const read = turns.map((turn) => {
    const start = list.length;
    const text = said(turn);
    const exact = readWords(text, list);
    const { length: end, spaces, beforeSpace } = list;
    return { exact, start, end, spaces, beforeSpace, ofText: text === turn.text };
  });
  // The buffer may have grown meanwhile.
  const { hashes } = list;
  last = turns;
  lastWords = read.map((one) => ({ ...one, hashes }));
  return lastWords;
}

/** The turn's text, and what its message holds besides: calls of tools and parts that are no text. */
export function said({ text, callsTools, message }: Turn): string {
  if (!message) return text;
  const content = message['content'];
  const others = Array.isArray(content) ? content.filter((part) => asRecord(part)?.['type'] !== 'text') : [];
  if (!callsTools && others.length === 0) return text;
  const more = text === '' ? message : [message['tool_calls'], message['function_call'], others];
  return `${text}\n${JSON.stringify(more)}`;
}
