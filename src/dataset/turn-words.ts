import type { Turn } from './formats';
import { asRecord } from './shape';
import { readWords, WordList } from './words';

/** Words of the turns of a record, one turn behind the other. Columns by turn, so that no turn costs an object. */
class TurnWords {
  readonly words = new WordList();
  /** Where the words of each turn begin in `words`; one more is where the last ones end. */
  readonly starts: number[] = [];
  /** Hash of every character, apart from white space at the ends. */
  readonly exact: number[] = [];
  /** White space characters between the ends. */
  readonly spaces: number[] = [];
  /** Words that one of them follows. */
  readonly beforeSpace: number[] = [];
  /** Whether they are the words of the turn's text and of nothing else. */
  readonly ofText: boolean[] = [];
}

const read = new TurnWords();
let last: readonly Turn[] | undefined;

/**
 * Words of each turn, valid until it is asked for other turns: rules and comparisons of a record share them, since to
 * read them is most of what both cost.
 */
export function turnWords(turns: readonly Turn[]): TurnWords {
  if (turns === last) return read;
  last = turns;
  const { words } = read;
  words.clear();
  for (let i = 0; i < turns.length; i++) {
    const turn = turns[i]!;
    const text = said(turn);
    read.starts[i] = words.length;
    read.exact[i] = readWords(text, words);
    read.spaces[i] = words.spaces;
    read.beforeSpace[i] = words.beforeSpace;
    read.ofText[i] = text === turn.text;
  }
  read.starts[turns.length] = words.length;
  return read;
}

/** The turn's text, and what its message holds besides: calls of tools and parts that are no text. */
export function said({ text, callsTools, message }: Turn): string {
  if (!message) return text;
  const content = message['content'];
  if (!callsTools && !Array.isArray(content)) return text;
  const others = Array.isArray(content) ? content.filter((part) => asRecord(part)?.['type'] !== 'text') : [];
  if (!callsTools && others.length === 0) return text;
  const more = text === '' ? message : [message['tool_calls'], message['function_call'], others];
  return `${text}\n${JSON.stringify(more)}`;
}
