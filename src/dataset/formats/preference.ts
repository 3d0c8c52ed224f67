import type { Conversation, Message, PlainText } from '../conversation';
import { asRecord, type Shape } from '../shape';
import { toConversation } from './chat';
import { assistantMessage, fieldTurn, userMessage, type Format, type Turn } from './format';
import { alpacaQuestion } from './instruction';
import { messageTurn, messageTurns, plainText, toMessage, toMessages } from './message';
import { MEDIA_FIELDS, MESSAGES, SHAREGPT_MESSAGE, STRING, TOOL_FIELDS } from './message-shape';
import { shareGptMessages, shareGptTurns, withTools } from './sharegpt';

type Raw = Readonly<Record<string, unknown>>;

/** Two answers to one prompt; every end is trained on its own answer only. */
export type PreferencePair =
  | {
      readonly kind: 'conversation';
      readonly prompt: readonly Message[];
      readonly chosen: Conversation;
      readonly rejected: Conversation;
    }
  | { readonly kind: 'plain'; readonly prompt: string; readonly chosen: PlainText; readonly rejected: PlainText };

const SIDE: Shape = {
  kind: 'one-of',
  expected: 'a text, a message or a list of messages',
  of: [STRING, { kind: 'list', of: SHAREGPT_MESSAGE }, SHAREGPT_MESSAGE],
};
const PROMPT: Shape = {
  kind: 'one-of',
  expected: 'a text or a list of messages',
  of: [STRING, { kind: 'list', of: SHAREGPT_MESSAGE }],
};
const INPUT: Shape = {
  kind: 'one-of',
  expected: 'an object with "messages"',
  of: [
    { kind: 'object', fields: { messages: { shape: MESSAGES, required: true }, ...TOOL_FIELDS } },
    // LLaMA-Factory: what belongs to the instruction.
    STRING,
  ],
};

/** The keys of the two answers, by the way in which the record is written. */
const SIDE_KEYS = [
  ['chosen', 'rejected'],
  ['preferred_output', 'non_preferred_output'],
  ['chosen_messages', 'rejected_messages'],
] as const;
type SideKeys = (typeof SIDE_KEYS)[number];

const hasPair = (record: Raw): boolean => SIDE_KEYS.some((keys) => keys.every((key) => key in record));
const isWrittenAs =
  (keys: SideKeys) =>
  (record: Raw): boolean =>
    sideKeys(record) === keys;

/**
 * Two answers to one prompt (DPO): TRL's `{"prompt"?, "chosen", "rejected"}` of texts or messages, LLaMA-Factory's
 * with `conversations`, OpenAI's `{"input", "preferred_output", "non_preferred_output"}`.
 */
export const preference: Format = {
  id: 'preference',
  keys: '"prompt", "chosen" and "rejected"',
  shape: {
    kind: 'object',
    fields: {
      prompt: { shape: PROMPT, nullable: true },
      chosen: { shape: SIDE, required: isWrittenAs(SIDE_KEYS[0]) },
      rejected: { shape: SIDE, required: isWrittenAs(SIDE_KEYS[0]) },
      input: { shape: INPUT, required: isWrittenAs(SIDE_KEYS[1]), nullable: true },
      preferred_output: { shape: MESSAGES, required: isWrittenAs(SIDE_KEYS[1]) },
      non_preferred_output: { shape: MESSAGES, required: isWrittenAs(SIDE_KEYS[1]) },
      chosen_messages: { shape: MESSAGES, required: isWrittenAs(SIDE_KEYS[2]) },
      rejected_messages: { shape: MESSAGES, required: isWrittenAs(SIDE_KEYS[2]) },
      conversations: { shape: { kind: 'list', of: SHAREGPT_MESSAGE }, nullable: true },
      instruction: { shape: STRING, nullable: true },
      system: { shape: STRING, nullable: true },
      ...TOOL_FIELDS,
      ...MEDIA_FIELDS,
    },
  },
  recognises: hasPair,
  toExample: (record) => toPair(record).chosen,
  turns(record) {
    const { chosen, rejected } = sidesOf(record);
    const { turns, shared } = promptOf(record);
    const ends = shared.kind === 'text' ? undefined : shared.messages;
    const answers = [
      ...(typeof chosen.value === 'string'
        ? [textTurn(chosen, shared, 'chosen')]
        : sideTurns(chosen, 'chosen').slice(ends)),
      ...(typeof rejected.value === 'string'
        ? [textTurn(rejected, shared, 'rejected')]
        : sideTurns(rejected, 'rejected').slice(ends)),
    ];
    return [...turns, ...answers];
  },
};

/** Both ends of a record that has the shape of a preference. */
export function toPair(record: Raw): PreferencePair {
  const { chosen, rejected } = sidesOf(record);
  const { messages, text, shared } = promptOf(record);
  if (text !== undefined && typeof chosen.value === 'string' && typeof rejected.value === 'string') {
    const cut = shared.kind === 'text' ? shared.length : 0;
    const end = (side: string): PlainText => plainText(text, side.slice(cut), record);
    return { kind: 'plain', prompt: text, chosen: end(chosen.value), rejected: end(rejected.value) };
  }
  const prompt = messages.map((message) => ({ ...message, trained: false }));
  const owner = withTools(asRecord(record['input']) ?? record);
  const end = ({ value }: Side): Conversation => {
    const answer =
      typeof value === 'string'
        ? [assistantMessage(shared.kind === 'text' ? value.slice(shared.length) : value)]
        : (Array.isArray(value) ? toMessages(value) : [toMessage(asRecord(value) ?? {})]).slice(
            shared.kind === 'messages' ? shared.messages : 0,
          );
    return toConversation({ ...record, ...owner }, [...prompt, ...answer]);
  };
  return { kind: 'conversation', prompt, chosen: end(chosen), rejected: end(rejected) };
}

interface Side {
  /** JSON pointer. */
  readonly pointer: string;
  readonly key: string;
  /** A text, a message, or a list of messages. */
  readonly value: unknown;
}

function sideKeys(record: Raw): SideKeys {
  const written = (keys: SideKeys): boolean => keys.some((key) => key in record);
  return SIDE_KEYS.find(written) ?? (asRecord(record['input']) ? SIDE_KEYS[1] : SIDE_KEYS[0]);
}

function sidesOf(record: Raw): { readonly chosen: Side; readonly rejected: Side } {
  const [chosen, rejected] = sideKeys(record).map((key) => ({ pointer: `/${key}`, key, value: record[key] }));
  return { chosen: chosen!, rejected: rejected! };
}

/** The part of both sides that is the prompt, where the record has no prompt of its own. */
type Shared =
  { readonly kind: 'text'; readonly length: number } | { readonly kind: 'messages'; readonly messages: number };

interface PreferencePrompt {
  readonly turns: readonly Turn[];
  readonly messages: readonly Message[];
  /** The same as one text, where it is one. */
  readonly text: string | undefined;
  readonly shared: Shared;
}

const NOTHING_SHARED: Shared = { kind: 'messages', messages: 0 };

function promptOf(record: Raw): PreferencePrompt {
  const own = ownPrompt(record);
  const { system } = record;
  if (typeof system !== 'string' || system === '' || Array.isArray(record['conversations'])) return own;
  const turns = [fieldTurn('system', system, 'system', 'prompt'), ...own.turns];
  return {
    ...own,
    turns,
    messages: [{ role: 'system', content: system, trained: false }, ...own.messages],
    text: undefined,
  };
}

function ownPrompt(record: Raw): PreferencePrompt {
  const { prompt, instruction, input } = record;
  const { chosen, rejected } = sidesOf(record);
  const openai = asRecord(input);
  if (openai) return dialogue(messageTurns(openai['messages'], '/input/messages', 'prompt'), openai['messages']);
  if (Array.isArray(record['conversations'])) {
    const messages = shareGptMessages(record);
    const turns = shareGptTurns(record, 'prompt').map((turn) => ({ ...turn, trained: false }));
    return { turns, messages, text: undefined, shared: NOTHING_SHARED };
  }
  if (Array.isArray(prompt)) return dialogue(messageTurns(prompt, '/prompt', 'prompt'), prompt);
  const shared = sharedMessages(chosen.value, rejected.value);
  if (shared > 0 && (typeof prompt !== 'string' || isSaidIn(prompt, chosen.value))) {
    const list = (chosen.value as readonly unknown[]).slice(0, shared);
    return {
      ...dialogue(messageTurns(list, chosen.pointer, 'prompt'), list),
      shared: { kind: 'messages', messages: shared },
    };
  }
  if (typeof prompt === 'string') {
    const turns = [fieldTurn('prompt', prompt, 'user', 'prompt')];
    return { turns, messages: [userMessage(prompt)], text: prompt, shared: NOTHING_SHARED };
  }
  // Two fields are a question to a chat model, not the beginning of a text.
  if (typeof instruction === 'string') {
    const { message, turn } = alpacaQuestion(instruction, typeof input === 'string' ? input : '');
    return { turns: [turn], messages: [message], text: undefined, shared: NOTHING_SHARED };
  }
  if (typeof input === 'string') {
    const turns = [fieldTurn('input', input, 'user', 'prompt')];
    return { turns, messages: [userMessage(input)], text: input, shared: NOTHING_SHARED };
  }
  if (typeof chosen.value !== 'string' || typeof rejected.value !== 'string') return dialogue([], []);
  const length = sharedLength(chosen.value, rejected.value);
  const text = chosen.value.slice(0, length);
  // The words themselves stand in both answers, where they are checked.
  const turns = text === '' ? [] : [{ ...fieldTurn(chosen.key, text, 'user', 'prompt'), texts: [] }];
  return { turns, messages: text === '' ? [] : [userMessage(text)], text, shared: { kind: 'text', length } };
}

function dialogue(turns: readonly Turn[], list: unknown): PreferencePrompt {
  const masked = turns.map((turn) => ({ ...turn, trained: false, side: 'prompt' as const }));
  return { turns: masked, messages: toMessages(list), text: undefined, shared: NOTHING_SHARED };
}

function isSaidIn(prompt: string, list: unknown): boolean {
  return toMessages(list).some(({ content }) => content.trim() === prompt.trim());
}

/** How many messages two lists have in common at their beginnings. */
function sharedMessages(chosen: unknown, rejected: unknown): number {
  if (!Array.isArray(chosen) || !Array.isArray(rejected)) return 0;
  const most = Math.min(chosen.length, rejected.length);
  let same = 0;
  while (same < most && JSON.stringify(chosen[same]) === JSON.stringify(rejected[same])) same++;
  // Two equal lists: the last message is the answer.
  return same === chosen.length && same === rejected.length ? Math.max(0, same - 1) : same;
}

/** How many UTF-16 units two texts have in common; the answers keep the space that they begin with, as TRL does it. */
function sharedLength(chosen: string, rejected: string): number {
  const most = Math.min(chosen.length, rejected.length);
  let same = 0;
  while (same < most && chosen.charCodeAt(same) === rejected.charCodeAt(same)) same++;
  if (same > 0 && /[\uD800-\uDBFF]/.test(chosen[same - 1]!)) same--;
  return same > 0 && chosen[same - 1] === ' ' ? same - 1 : same;
}

function sideTurns({ value, pointer }: Side, side: 'chosen' | 'rejected'): Turn[] {
  const turns = Array.isArray(value)
    ? messageTurns(value, pointer, side)
    : [messageTurn(asRecord(value) ?? {}, pointer, side)];
  return turns.map((turn) => ({ ...turn, side, trained: turn.trained && side === 'chosen' }));
}

/** A side that is a text; the prompt that both sides begin with is part of it. */
function textTurn({ key, value }: Side, shared: Shared, side: 'chosen' | 'rejected'): Turn {
  const text = String(value);
  const turn = fieldTurn(key, text, 'assistant', side);
  return shared.kind === 'text' ? { ...turn, text: text.slice(shared.length) } : turn;
}
