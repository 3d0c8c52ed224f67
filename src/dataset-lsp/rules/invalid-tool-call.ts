import { isMisspelt } from '../../dataset/aliases';
import { repairJson } from '../../dataset/json-repair';
import { asRecord } from '../../dataset/shape';
import { checkArguments } from '../../dataset/tool-schema';
import { callsOf, parsedText, toolsOf, type CallPlace, type ToolList } from '../../dataset/tools';
import { editFix, RecordEditor, type Fix } from '../fixes';
import { defineRule, type Report } from './rule';

type Definitions = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

export const invalidToolCall = defineRule({
  meta: {
    id: 'invalid-tool-call',
    title: 'Call of a tool does not fit its definition',
    why: 'The model learns to call tools the way the records do. Arguments that are no JSON, an unknown function or a missing argument teach it calls that fail.',
    whatToDo: 'Correct the call, or the definition of the tool.',
    defaultSeverity: 'error',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"messages": [{"role": "user", "content": "Weather in Bonn?"}, {"role": "assistant", "tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Bonn", "days": 2}}}]}], "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}}}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"messages": [{"role": "user", "content": "Weather in Bonn?"}, {"role": "assistant", "tool_calls": [{"function": {"name": "weather", "arguments": "{\'city\': \'Bonn\'}"}}]}]}\n',
          lines: [1],
        },
        {
          text: '{"messages": [{"role": "user", "content": "Weather in Bonn?"}, {"role": "assistant", "tool_calls": [{"function": {"name": "wether", "arguments": "{}"}}, {"function": {"name": "weather", "arguments": "{\\"days\\": \\"2\\"}"}}]}], "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}}}]}\n',
          lines: [1, 1, 1, 1],
        },
      ],
    },
  },
  check: {
    example({ turns, value, format, source }, report) {
      let lists: readonly ToolList[] | undefined;
      let defined: Definitions | undefined;
      for (const turn of turns) {
        if (!turn.callsTools) continue;
        lists ??= toolsOf(value, format);
        defined ??= definitionsIn(lists);
        for (const call of callsOf(turn)) checkCall(call, defined, source, report);
      }
    },
  },
});

function definitionsIn(lists: readonly ToolList[]): Definitions {
  const found = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { tools } of lists)
    for (const { value } of tools) if (typeof value?.['name'] === 'string') found.set(value['name'], value);
  return found;
}

function checkCall(call: CallPlace, defined: Definitions, source: string, report: Report): void {
  if (typeof call.name !== 'string' || call.name === '') {
    const { inText, namePointer } = call;
    const isJson = inText === undefined || parsedText(inText).ok;
    report({
      pointer: namePointer,
      message: isJson
        ? 'The call names no function. Give it the "name" of a tool.'
        : 'This call is a text that is not JSON. Write {"name": …, "arguments": {…}} in it.',
      fixes: () => (isJson || inText === undefined ? [] : repairFixes(inText, namePointer, source)),
    });
    return;
  }
  const { name } = call;
  let tool = defined.get(name);
  // Tools may be described in the system message only: then nothing is known of them.
  if (!tool && defined.size > 0) {
    const near = [...defined.keys()].find((one) => one.toLowerCase() === name.toLowerCase() || isMisspelt(name, one));
    // The arguments are then checked as those of the tool that is meant.
    tool = near === undefined ? undefined : defined.get(near);
    const advice = near === undefined ? 'Define it, or call one of the tools' : `Write "${near}"`;
    report({
      pointer: call.namePointer,
      message: `The record has no tool with the name "${name}". ${advice}.`,
      fixes: () =>
        near === undefined || call.inText !== undefined
          ? []
          : editFix(`Write "${near}"`, false, new RecordEditor(source).replace(call.namePointer, near)),
    });
  }
  const given = checkForm(call, name, source, report);
  const schema = asRecord(tool?.['parameters']);
  if (!given || !schema) return;
  for (const { pointer, message, meant } of checkArguments(schema, given)) {
    const parts = typeof call.arguments !== 'string' && call.inText === undefined;
    report({
      pointer: parts ? `${call.argumentsPointer}${pointer}` : call.argumentsPointer,
      message: `${message}, by the definition of "${String(tool?.['name'])}". Correct the call, or the definition.`,
      fixes: () =>
        meant === undefined || call.inText !== undefined ? [] : replaceArgument(call, pointer, meant, parts, source),
    });
  }
}

/** The arguments as the object that is meant; reports it when they are written in another way. */
function checkForm(
  call: CallPlace,
  name: string,
  source: string,
  report: Report,
): Readonly<Record<string, unknown>> | undefined {
  const { arguments: written, argumentsPointer: pointer, inText } = call;
  const parsed = typeof written === 'string' ? parsedText(written) : { ok: true as const, value: written };
  if (!parsed.ok) {
    const text = String(written);
    report({
      pointer,
      message:
        text.trim() === ''
          ? `The arguments of the call of "${name}" are an empty text. Write "{}" for a call without arguments.`
          : `The arguments of the call of "${name}" are a text that is not JSON. Write a JSON object in it.`,
      fixes: () => (inText !== undefined ? [] : repairFixes(text, pointer, source)),
    });
    return repaired(text)?.value;
  }
  const object = asRecord(parsed.value);
  if (object) return object;
  if (parsed.value === undefined || parsed.value === null) {
    if (typeof written === 'string' || inText !== undefined)
      report({ pointer, message: `The call of "${name}" has no arguments. Write {} for a call without arguments.` });
    return undefined;
  }
  const inner = typeof parsed.value === 'string' ? parsedText(parsed.value) : undefined;
  const nested = inner?.ok ? asRecord(inner.value) : undefined;
  report({
    pointer,
    message: nested
      ? `The arguments of the call of "${name}" are JSON in a text, and in a text once more. Write the JSON object only once as a text.`
      : `The arguments of the call of "${name}" must be a JSON object. Name each argument.`,
    fixes: () =>
      nested && inText === undefined
        ? editFix('Write the arguments as JSON once', false, new RecordEditor(source).replace(pointer, parsed.value))
        : [],
  });
  return nested;
}

function repaired(
  text: string,
): { readonly json: string; readonly value: Readonly<Record<string, unknown>> } | undefined {
  const json = text.trim() === '' ? '{}' : repairJson(text)?.text;
  const parsed = json === undefined ? undefined : parsedText(json);
  const value = parsed?.ok ? asRecord(parsed.value) : undefined;
  return json !== undefined && value ? { json, value } : undefined;
}

function repairFixes(text: string, pointer: string, source: string): readonly Fix[] {
  const json = repaired(text)?.json;
  if (json === undefined) return [];
  const title = text.trim() === '' ? 'Write "{}"' : 'Make JSON of this text';
  return editFix(title, false, new RecordEditor(source).replace(pointer, json));
}

function replaceArgument(
  call: CallPlace,
  pointer: string,
  meant: unknown,
  parts: boolean,
  source: string,
): readonly Fix[] {
  const editor = new RecordEditor(source);
  const title = `Write ${JSON.stringify(meant)}`;
  if (parts) return editFix(title, false, editor.replace(`${call.argumentsPointer}${pointer}`, meant));
  const text = String(call.arguments);
  const [edit] = new RecordEditor(text).replace(pointer, meant);
  return edit
    ? editFix(title, false, editor.replaceWithin(call.argumentsPointer, edit.start, edit.end, edit.text))
    : [];
}
