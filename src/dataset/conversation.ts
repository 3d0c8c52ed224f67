/** What a record means, whatever its format. Linter, trainer, evaluation and service all work on this. */

export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool' | 'function';

export interface ToolCall {
  readonly id?: string;
  readonly type: 'function';
  /** `arguments` is JSON as text on the wire; templates get it parsed where it parses. */
  readonly function: { readonly name: string; readonly arguments: string };
}

export interface Message {
  readonly role: Role;
  readonly content: string;
  readonly name?: string;
  readonly toolCalls?: readonly ToolCall[];
  readonly toolCallId?: string;
  /** What the assistant thinks before it answers; templates that know it write it apart from the content. */
  readonly reasoning?: string;
  /** How many pictures and recordings belong to the message. This version trains on text only. */
  readonly media?: number;
  /** The two fields of an Alpaca record, which `content` joins: the `alpaca` template sets them apart again. */
  readonly alpaca?: { readonly instruction: string; readonly input: string };
  /** Whether the tokens of this message are trained. True only for assistant messages whose `weight` is not 0. */
  readonly trained: boolean;
}

/** Turns of a dialogue: rendered by a chat template. */
export interface Conversation {
  readonly kind: 'conversation';
  readonly messages: readonly Message[];
  readonly tools?: readonly unknown[];
}

/** Text without turns: a masked part (may be empty), then a trained part, then the end-of-text token. */
export interface PlainText {
  readonly kind: 'plain';
  readonly masked: string;
  readonly trained: string;
  /** Pictures and recordings that the record lists. */
  readonly media?: number;
}

export type Example = Conversation | PlainText;
