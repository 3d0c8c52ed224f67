import type { Example, Message, Role } from '../conversation';
import type { Shape } from '../shape';

export type FormatId = 'instruction' | 'chat' | 'completion' | 'text';

/** What is trained, with the place in the record that it comes from. */
export interface Answer {
  /** JSON pointer of the value, for findings. */
  readonly pointer: string;
  readonly text: string;
  /** The turn calls tools: its text may be empty. */
  readonly callsTools: boolean;
  /** False for an assistant turn of weight 0. */
  readonly trained: boolean;
}

/** One way of writing a training record. */
export interface Format {
  readonly id: FormatId;
  /** Keys and meaning, for messages and documentation. */
  readonly keys: string;
  readonly shape: Shape & { readonly kind: 'object' };
  /** Whether a record with these keys is meant to be of this format. */
  recognises(record: Readonly<Record<string, unknown>>): boolean;
  /** Needs a record that has the shape. */
  toExample(record: Readonly<Record<string, unknown>>): Example;
  /** The parts of such a record that would be trained. */
  answers(record: Readonly<Record<string, unknown>>): readonly Answer[];
  /** What the user asks for, where the format sets that apart. */
  prompts(record: Readonly<Record<string, unknown>>): readonly { readonly pointer: string; readonly text: string }[];
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
