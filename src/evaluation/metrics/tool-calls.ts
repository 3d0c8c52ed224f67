import { asRecord } from '../../dataset/shape';
import { parsedText } from '../../dataset/tools';
import { jsonLeaves, sameLeaves } from './json-leaves';
import { meanOfBest } from './metric';

interface Call {
  readonly name: string;
  readonly arguments: ReadonlyMap<string, string>;
}

/**
 * Share of answers that call the same tools with the same arguments as the reference: keys and calls in any order, values
 * equal as JSON. An answer without a call is right where the reference has none.
 */
export const toolCalls = meanOfBest((prediction, reference) =>
  sameCalls(prediction, reference, (a, b) => a.name === b.name && sameLeaves(a.arguments, b.arguments)),
);

/** The same for the names of the tools alone. */
export const toolNames = meanOfBest((prediction, reference) =>
  sameCalls(prediction, reference, (a, b) => a.name === b.name),
);

function sameCalls(prediction: string, reference: string, same: (a: Call, b: Call) => boolean): number {
  const left = [...callsIn(prediction)];
  const expected = callsIn(reference);
  if (left.length !== expected.length) return 0;
  for (const call of expected) {
    const place = left.findIndex((other) => same(other, call));
    if (place < 0) return 0;
    left.splice(place, 1);
  }
  return 1;
}

/**
 * The calls that an answer writes, in the ways of the usual chat templates: `<tool_call>{…}</tool_call>` (Hermes, Qwen,
 * SmolLM), `[TOOL_CALLS] […]` (Mistral), a JSON object or list of calls, alone or after `<|python_tag|>` (Llama 3) or in a
 * fence, and OpenAI's `{"tool_calls": […]}`. Other text is no call.
 */
function callsIn(text: string): readonly Call[] {
  const blocks = [...text.matchAll(BLOCK)].map((match) => match[1]!);
  const sources = blocks.length > 0 ? blocks : [text.trim().replace(PREFIX, '').replace(FENCE, '$1')];
  return sources.flatMap((source) => {
    const parsed = parsedText(source);
    return parsed.ok ? callsOf(parsed.value) : [];
  });
}

// The end is missing where it was the token that ended the answer.
const BLOCK = /<tool_call>([\s\S]*?)(?:<\/tool_call>|$)/g;
const PREFIX = /^(?:\[TOOL_CALLS\]|<\|python_tag\|>)/;
const FENCE = /^```(?:json)?\n([\s\S]*)\n```$/;

function callsOf(value: unknown): readonly Call[] {
  const list = Array.isArray(value) ? (value as readonly unknown[]) : (asRecord(value)?.['tool_calls'] ?? [value]);
  return Array.isArray(list) ? list.flatMap((one) => callOf(asRecord(one)) ?? []) : [];
}

function callOf(written: Readonly<Record<string, unknown>> | undefined): Call | undefined {
  const call = asRecord(written?.['function']) ?? written;
  if (typeof call?.['name'] !== 'string') return undefined;
  const given = call['arguments'] ?? call['parameters'] ?? {};
  const parsed = typeof given === 'string' ? parsedText(given) : { ok: true as const, value: given };
  const leaves = parsed.ok ? jsonLeaves(parsed.value) : undefined;
  return leaves && { name: call['name'], arguments: leaves };
}
