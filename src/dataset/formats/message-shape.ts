import type { Role } from '../conversation';
import { asRecord, type Shape } from '../shape';
import { ROLES } from './format';

type Raw = Readonly<Record<string, unknown>>;

export const STRING: Shape = { kind: 'string' };
const ANY: Shape = { kind: 'any' };
const FLAG: Shape = { kind: 'choice', values: [true, false] };

/** What ShareGPT's `from` may say, and the role that it means. `function_call` is the assistant's call of a tool. */
export const SHAREGPT_ROLES: Readonly<Record<string, Role>> = {
  system: 'system',
  human: 'user',
  gpt: 'assistant',
  function_call: 'assistant',
  observation: 'tool',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  chatgpt: 'assistant',
  bing: 'assistant',
  bard: 'assistant',
  model: 'assistant',
  ai: 'assistant',
  bot: 'assistant',
  function_response: 'tool',
};

/** Types of parts that are a picture, a recording or a film. */
export const MEDIA_TYPES: readonly unknown[] = [
  'image_url',
  'image',
  'input_audio',
  'audio',
  'audio_url',
  'video',
  'video_url',
];

const isType =
  (...types: readonly string[]) =>
  (part: Raw): boolean =>
    types.includes(part['type'] as string);

/** Parts of a content: OpenAI's, TRL's (`{"type": "image"}`) and LLaMA-Factory's (`{"type", "value"}`). */
const PARTS: Shape = {
  kind: 'list',
  of: {
    kind: 'object',
    fields: {
      type: {
        shape: {
          kind: 'choice',
          values: [
            'text',
            'image_url',
            'image',
            'input_audio',
            'refusal',
            'reasoning',
            'tool_call',
            'audio',
            'video',
            'audio_url',
            'video_url',
          ],
        },
        required: true,
      },
      text: { shape: STRING, required: (part) => part['type'] === 'text' && !('value' in part), nullable: true },
      value: { shape: STRING, required: isType('reasoning', 'tool_call'), nullable: true },
      refusal: { shape: STRING, required: isType('refusal'), nullable: true },
      image_url: {
        shape: {
          kind: 'one-of',
          expected: 'an address or an object with "url"',
          of: [
            STRING,
            { kind: 'object', fields: { url: { shape: STRING, required: true }, detail: { shape: STRING } } },
          ],
        },
        required: (part) => part['type'] === 'image_url' && !('value' in part),
        nullable: true,
      },
      input_audio: {
        shape: {
          kind: 'object',
          fields: { data: { shape: STRING, required: true }, format: { shape: STRING, required: true } },
        },
        required: isType('input_audio'),
        nullable: true,
      },
      image: { shape: ANY },
      audio: { shape: ANY },
      video: { shape: ANY },
      audio_url: { shape: ANY },
      video_url: { shape: ANY },
      url: { shape: ANY },
      path: { shape: ANY },
      base64: { shape: ANY },
    },
  },
};

const CALLED: Shape = {
  kind: 'object',
  fields: {
    name: { shape: STRING, required: true },
    // A text on OpenAI's wire; many data sets hold the object itself.
    arguments: {
      shape: { kind: 'one-of', expected: 'a text or an object', of: [STRING, { kind: 'object', fields: {} }] },
      required: true,
    },
  },
};

/** Whether the message calls a tool in OpenAI's way. */
export function callsByKey(message: Raw): boolean {
  const calls = message['tool_calls'];
  return (Array.isArray(calls) && calls.length > 0) || asRecord(message['function_call']) !== undefined;
}

const needsContent = (message: Raw): boolean =>
  !(message['role'] === 'assistant' && callsByKey(message)) && typeof message['refusal'] !== 'string';

const CONTENT: Shape = { kind: 'one-of', expected: 'a text or a list of parts', of: [STRING, PARTS] };
const WEIGHT = { shape: { kind: 'weight' }, nullable: true } as const;

const OPENAI_FIELDS = {
  name: { shape: STRING, nullable: true },
  weight: WEIGHT,
  tool_calls: {
    shape: {
      kind: 'list',
      of: {
        kind: 'object',
        fields: {
          id: { shape: STRING, nullable: true },
          type: { shape: { kind: 'choice', values: ['function'] }, nullable: true },
          function: { shape: CALLED, required: true },
        },
      },
    },
    nullable: true,
  },
  function_call: { shape: CALLED, nullable: true },
  tool_call_id: { shape: STRING, nullable: true },
  refusal: { shape: STRING, nullable: true },
  reasoning_content: { shape: STRING, nullable: true },
  thinking: { shape: STRING, nullable: true },
  loss_weight: WEIGHT,
} as const;

/** `{role, content, …}` */
const MESSAGE: Shape = {
  kind: 'object',
  fields: {
    role: { shape: { kind: 'role', values: ROLES }, required: true },
    content: { shape: CONTENT, required: needsContent, nullable: true },
    ...OPENAI_FIELDS,
  },
};

/** `{from, value}`, or a message as OpenAI has it. */
export const SHAREGPT_MESSAGE: Shape = {
  kind: 'object',
  fields: {
    from: { shape: { kind: 'role', values: Object.keys(SHAREGPT_ROLES) }, required: (message) => !('role' in message) },
    value: { shape: STRING, required: (message) => !('content' in message) && needsContent(message) },
    role: { shape: { kind: 'role', values: [...new Set([...ROLES, ...Object.keys(SHAREGPT_ROLES)])] } },
    content: {
      shape: CONTENT,
      required: (message) => 'content' in message && !('value' in message) && needsContent(message),
      nullable: true,
    },
    ...OPENAI_FIELDS,
  },
};

export const MESSAGES: Shape = { kind: 'list', of: MESSAGE };
/** A dialogue that must have at least one message. */
export const DIALOGUE: Shape = { kind: 'list', of: MESSAGE, notEmpty: true };

/** A list, or the same as JSON in a text, as LLaMA-Factory has it. */
const TOOLS: Shape = {
  kind: 'one-of',
  expected: 'a list or a text of JSON',
  of: [{ kind: 'list', of: { kind: 'object', fields: {} } }, STRING],
};
const MEDIA = { shape: { kind: 'list', of: ANY }, nullable: true } as const;

/** Keys beside the messages that all dialogues share. */
export const TOOL_FIELDS = {
  tools: { shape: TOOLS, nullable: true },
  parallel_tool_calls: { shape: FLAG, nullable: true },
} as const;
export const MEDIA_FIELDS = { images: MEDIA, image: { shape: ANY }, videos: MEDIA, audios: MEDIA } as const;
