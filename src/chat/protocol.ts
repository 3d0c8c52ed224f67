/**
 * What `fine-tune chat --json` reads and writes: one JSON object a line. It opens the models that its arguments name
 * and answers until its input closes; what goes wrong with one request leaves the others alone.
 */
import { Failure } from '../common/failure';
import { asRecord } from '../dataset/shape';
import type { Sampling } from '../evaluation/generation/generator';
import { type ChatMessage, SIDES, type Side } from './conversation';
import { SAMPLING_FIELDS, samplingOf, samplingValue } from './sampling';

export type ChatRequest =
  /** Requests are answered one after the other. `messages` end with the user's. */
  | {
      readonly type: 'send';
      /** Chosen by the sender; what belongs to the request carries it. */
      readonly id: number;
      readonly side: Side;
      readonly messages: readonly ChatMessage[];
      /** What is left out has its default. */
      readonly sampling: Sampling;
    }
  /** The answer so far is then `done`. */
  | { readonly type: 'cancel'; readonly id: number };

export type ChatEvent =
  | {
      readonly type: 'opened';
      readonly name: string;
      readonly models: readonly ChatModel[];
      /** The one that the model was trained with, to begin with; empty where there is none. */
      readonly system: string;
    }
  /** `fraction` from 0 to 1. */
  | { readonly type: 'loading'; readonly side: Side; readonly fraction: number }
  | ({ readonly type: 'ready'; readonly side: Side } & LoadedModel)
  /** The request has come to its turn. */
  | { readonly type: 'started'; readonly id: number }
  | { readonly type: 'text'; readonly id: number; readonly text: string }
  | ({ readonly type: 'done'; readonly id: number } & ChatReply)
  /** Of a request, of a model that could not be loaded, or (both `null`) of the chat, which has then ended. */
  | {
      readonly type: 'error';
      readonly id: number | null;
      readonly side: Side | null;
      readonly code: string;
      readonly message: string;
      readonly hint: string;
    };

export interface ChatModel {
  readonly side: Side;
  /** Name of the model or the run. */
  readonly name: string;
}

export interface LoadedModel {
  /** Most tokens of conversation and answer together. */
  readonly contextLength: number;
  /** What runs it, and where it is slower than it could be, why. */
  readonly engine: string;
}

export interface ChatReply {
  /** All of the answer. */
  readonly text: string;
  readonly finish: 'stop' | 'length' | 'cancelled';
  readonly promptTokens: number;
  readonly tokens: number;
  readonly seconds: number;
}

/** @throws Failure `bad-request` that says what is wrong with the line */
export function parseChatRequest(line: string): ChatRequest {
  const request = asRecord(parsed(line));
  if (!request) throw bad('A request is a JSON object on one line.');
  const { type, id } = request;
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw bad('"id" must be a whole number.');
  if (type === 'cancel') return { type, id };
  if (type !== 'send') throw bad(`"type" must be "send" or "cancel", not ${JSON.stringify(type)}.`, id);
  const side = SIDES.find((one) => one === request['side']);
  if (!side) throw bad(`"side" must be "${SIDES.join('" or "')}".`, id);
  const messages = Array.isArray(request['messages']) ? request['messages'].map(messageOf) : [];
  if (messages.at(-1)?.role !== 'user' || messages.includes(undefined))
    throw bad('"messages" must be a list of {role, content} that ends with a message of the user.', id);
  const given = request['sampling'] === undefined ? {} : asRecord(request['sampling']);
  const unknown = Object.keys(given ?? {}).find((key) => !SAMPLING_FIELDS.some((field) => field.key === key));
  if (!given || unknown !== undefined)
    throw bad(`"sampling" may have ${SAMPLING_FIELDS.map(({ key }) => key).join(', ')}.`, id);
  const sampling = samplingOf((field) => {
    try {
      return samplingValue(field, given[field.key], `"${field.key}"`);
    } catch (error) {
      throw error instanceof Failure ? bad(`${error.message} ${error.hint}`, id) : error;
    }
  });
  return { type, id, side, messages: messages.filter((message) => message !== undefined), sampling };
}

/** A request that cannot be followed; `id` is there where the line has one. */
export class BadRequest extends Failure {
  constructor(
    message: string,
    readonly id: number | null,
  ) {
    super('bad-request', message, 'src/chat/protocol.ts describes the lines.', 2);
  }
}

/** An event of the child; `undefined` for any other line. */
export function parseChatEvent(line: string): ChatEvent | undefined {
  const event = parsed(line);
  return isEvent(event) ? event : undefined;
}

/** The sender is our own command line, so the type says what is in it. */
function isEvent(value: unknown): value is ChatEvent {
  return TYPES.includes(String(asRecord(value)?.['type']));
}

const TYPES: readonly string[] = ['opened', 'loading', 'ready', 'started', 'text', 'done', 'error'];

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function messageOf(value: unknown): ChatMessage | undefined {
  const { role, content } = asRecord(value) ?? {};
  if (role !== 'system' && role !== 'user' && role !== 'assistant') return undefined;
  return typeof content === 'string' ? { role, content } : undefined;
}

function bad(message: string, id: number | null = null): BadRequest {
  return new BadRequest(message, id);
}
