import type { Example, Message, Role } from '../conversation';
import type { Shape } from '../shape';

export type FormatId =
  'instruction' | 'chat' | 'sharegpt' | 'completion' | 'text' | 'preference' | 'unpaired-preference';

/** A text of a record with its place: JSON pointer of the string. */
export interface TextPart {
  readonly pointer: string;
  readonly text: string;
}

/** Something that is said in a record. A record without turns (`text`, or two plain strings) has its fields as turns. */
export interface Turn {
  readonly role: Role;
  /** JSON pointer of the message, or of the field that is the turn. */
  readonly pointer: string;
  /** JSON pointer of the role; the turn's own where the field is the role. */
  readonly rolePointer: string;
  /** Its strings. Usually one; several where the content is a list of parts. */
  readonly texts: readonly TextPart[];
  /** All of its strings, joined as the model reads them. */
  readonly text: string;
  /** Tokens of this turn are trained. */
  readonly trained: boolean;
  /** The turn calls tools: its text may be empty. */
  readonly callsTools: boolean;
  /** Which part of the record it stands in; a preference has two ends. */
  readonly side: 'prompt' | 'answer' | 'chosen' | 'rejected';
  /** The message as it is written, where the turn is one. */
  readonly message: Readonly<Record<string, unknown>> | undefined;
}

/** A turn of the assistant, with the place in the record that it comes from. */
export interface Answer {
  /** JSON pointer of the text, for findings. */
  readonly pointer: string;
  readonly text: string;
  readonly callsTools: boolean;
  /** False for an assistant turn of weight 0, and in the prompt of a completion or a preference. */
  readonly trained: boolean;
  readonly side: Turn['side'];
}

/** What the user asks for. */
export type Prompt = TextPart;

/** One way of writing a training record. */
export interface Format {
  readonly id: FormatId;
  /** Keys and meaning, for messages and documentation. */
  readonly keys: string;
  readonly shape: Shape & { readonly kind: 'object' };
  /** Whether a record with these keys is meant to be of this format. */
  recognises(record: Readonly<Record<string, unknown>>): boolean;
  /** Needs a record that has the shape. `undefined` when the record is not meant to be trained. */
  toExample(record: Readonly<Record<string, unknown>>): Example | undefined;
  /** Everything that is said in such a record, in order. */
  turns(record: Readonly<Record<string, unknown>>): readonly Turn[];
}

export const ROLES = [
  'system',
  'developer',
  'user',
  'assistant',
  'tool',
  'function',
] as const satisfies readonly Role[];

export function userMessage(content: string): Message {
  return { role: 'user', content, trained: false };
}

export function assistantMessage(content: string): Message {
  return { role: 'assistant', content, trained: true };
}

/** A field of the record that is a turn by itself. */
export function fieldTurn(
  key: string,
  text: string,
  role: 'user' | 'assistant' | 'system',
  side: Turn['side'],
  trained = side === 'answer' || side === 'chosen',
): Turn {
  const pointer = `/${key}`;
  const texts = [{ pointer, text }];
  return { role, pointer, rolePointer: pointer, texts, text, trained, callsTools: false, side, message: undefined };
}

export function answersOf(turns: readonly Turn[]): Answer[] {
  const answers: Answer[] = [];
  for (const { role, pointer, texts, text, callsTools, trained, side } of turns) {
    if (role !== 'assistant') continue;
    const place = texts.length === 1 ? texts[0]!.pointer : texts.length === 0 ? pointer : parentPointer(texts[0]!);
    answers.push({ pointer: place, text, callsTools, trained, side });
  }
  return answers;
}

/** What the user asks for in a dialogue or an instruction; a prompt of plain text is no request. */
export function promptsOf(turns: readonly Turn[], format: Pick<Format, 'id'>): Prompt[] {
  const prompts: Prompt[] = [];
  for (const { role, texts, text, message, pointer } of turns) {
    if (role !== 'user') continue;
    const first = texts[0];
    if (format.id === 'instruction') {
      if (first) prompts.push(first);
    } else if (message) prompts.push({ pointer: first?.pointer ?? pointer, text });
  }
  return prompts;
}

/** List of parts: `/messages/0/content/1/text` → `/messages/0/content`. */
function parentPointer({ pointer }: TextPart): string {
  return pointer.split('/').slice(0, -2).join('/');
}
