import type { Format, Turn } from './formats';
import { asRecord, pointerTo } from './shape';

/** A tool that a record offers to the assistant. */
export interface ToolDefinition {
  /** JSON pointer of the object with its name; of the whole list, where that is written as a text. */
  readonly pointer: string;
  /** `{name, description?, parameters?}` as it is written; `undefined` where the entry has no such object. */
  readonly value: Readonly<Record<string, unknown>> | undefined;
  /** What the entry is, where it is no function. */
  readonly type: unknown;
}

export interface ToolList {
  readonly pointer: string;
  /** The list is written as JSON in a text, so its parts have no pointers of their own. */
  readonly asText: boolean;
  readonly tools: readonly ToolDefinition[];
  /** Why there is no list. */
  readonly problem: string | undefined;
}

/**
 * Lists of tools of a record, wherever its format has them: OpenAI's `tools` of `{type, function}` and its older
 * `functions`, or flat `{name, parameters}`; as a list or as JSON in a text.
 */
export function toolsOf(record: Readonly<Record<string, unknown>>, format: Pick<Format, 'id'>): readonly ToolList[] {
  // OpenAI's preference records hold their tools in the input.
  const input = format.id === 'preference' ? asRecord(record['input']) : undefined;
  return [...listsIn(record, ''), ...(input ? listsIn(input, '/input') : [])];
}

function listsIn(owner: Readonly<Record<string, unknown>>, pointer: string): ToolList[] {
  return ['tools', 'functions'].flatMap((key) => {
    const value = Object.hasOwn(owner, key) ? owner[key] : undefined;
    return value === undefined || value === null || value === '' ? [] : [toolList(value, pointerTo(pointer, key))];
  });
}

function toolList(value: unknown, pointer: string): ToolList {
  if (Array.isArray(value)) {
    const tools = value.map((entry, i) => definition(entry, pointerTo(pointer, i)));
    return { pointer, asText: false, tools, problem: undefined };
  }
  if (typeof value !== 'string') return { pointer, asText: false, tools: [], problem: 'are neither a list nor a text' };
  const parsed = parsedText(value);
  if (!parsed.ok) return { pointer, asText: true, tools: [], problem: 'are a text that is not JSON' };
  if (!Array.isArray(parsed.value))
    return { pointer, asText: true, tools: [], problem: 'are a text that holds no JSON list' };
  const tools = parsed.value.map((entry) => ({ ...definition(entry, pointer), pointer }));
  return { pointer, asText: true, tools, problem: undefined };
}

function definition(entry: unknown, pointer: string): ToolDefinition {
  const outer = asRecord(entry);
  const inner = asRecord(outer?.['function']);
  if (inner) return { pointer: pointerTo(pointer, 'function'), value: inner, type: outer?.['type'] };
  const isFlat =
    outer !== undefined && (outer['type'] === undefined || outer['type'] === 'function' || 'name' in outer);
  return { pointer, value: isFlat ? outer : undefined, type: outer?.['type'] };
}

/** A call of a tool, as it is written. */
export interface CallPlace {
  /** JSON pointer of the call; of the text that holds it, in ShareGPT's `function_call`. */
  readonly pointer: string;
  readonly idPointer: string | undefined;
  readonly id: string | undefined;
  readonly name: unknown;
  readonly namePointer: string;
  readonly arguments: unknown;
  readonly argumentsPointer: string;
  /** The text that the call is a part of: its parts have no pointers of their own. */
  readonly inText: string | undefined;
}

/** The calls of a turn. A text that should hold a call and is no JSON is a call without a name. */
export function callsOf({ message, callsTools, pointer, texts }: Turn): readonly CallPlace[] {
  if (!message || !callsTools) return [];
  if (Array.isArray(message['tool_calls']) && message['tool_calls'].length > 0)
    return message['tool_calls'].map((call, i) => {
      const own = pointerTo(`${pointer}/tool_calls`, i);
      const outer = asRecord(call) ?? {};
      const id = typeof outer['id'] === 'string' ? outer['id'] : undefined;
      const idPointer = id === undefined ? undefined : `${own}/id`;
      return { ...called(asRecord(outer['function']) ?? {}, `${own}/function`), pointer: own, id, idPointer };
    });
  const older = asRecord(message['function_call']);
  if (older) return [called(older, `${pointer}/function_call`)];
  const { content } = message;
  if (Array.isArray(content))
    return content.flatMap((item, i) => {
      const part = asRecord(item);
      const isCall = part?.['type'] === 'tool_call' && typeof part['value'] === 'string';
      return isCall ? callsIn(String(part['value']), `${pointer}/content/${i}/value`) : [];
    });
  return texts.flatMap((part) => callsIn(part.text, part.pointer));
}

/** One call or a list of calls, as JSON in a text. */
function callsIn(text: string, pointer: string): CallPlace[] {
  const parsed = parsedText(text);
  const list: readonly unknown[] = parsed.ok ? [parsed.value].flat() : [undefined];
  return list.map((call) => ({
    ...called(asRecord(call) ?? {}, pointer),
    namePointer: pointer,
    argumentsPointer: pointer,
    inText: text,
  }));
}

function called(value: Readonly<Record<string, unknown>>, pointer: string): CallPlace {
  return {
    pointer,
    id: undefined,
    idPointer: undefined,
    name: value['name'],
    namePointer: `${pointer}/name`,
    arguments: value['arguments'],
    argumentsPointer: `${pointer}/arguments`,
    inText: undefined,
  };
}

/** JSON in a text. */
export function parsedText(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false };
  }
}
