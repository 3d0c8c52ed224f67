import { asRecord, pointerTo } from '../../dataset/shape';
import { toolsOf, type ToolDefinition, type ToolList } from '../../dataset/tools';
import { editFix, RecordEditor } from '../fixes';
import { defineRule, type Finding, type Report } from './rule';

export const invalidToolDefinition = defineRule({
  meta: {
    id: 'invalid-tool-definition',
    title: 'Definition of a tool is not usable',
    why: 'The model learns from the definitions when and how to call a tool. A tool without a name, or with parameters that are no JSON schema, is written into the prompt as nonsense or refused by the chat template.',
    whatToDo:
      'Write {"type": "function", "function": {"name", "description", "parameters"}}, with a JSON schema of the type "object" as parameters, and give each tool a name of its own.',
    defaultSeverity: 'error',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"messages": [{"role": "user", "content": "Weather in Bonn?"}, {"role": "assistant", "tool_calls": [{"function": {"name": "weather", "arguments": "{\\"city\\": \\"Bonn\\"}"}}]}], "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!"}], "tools": [{"type": "function", "function": {"description": "It has no name."}}, {"type": "function", "function": {"name": "weather", "parameters": ["city"]}}]}\n',
          lines: [1, 1],
        },
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!"}], "tools": [{"name": "weather"}, {"name": "weather"}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ value, format, source }, report) {
      if (!('tools' in value || 'functions' in value || 'input' in value)) return;
      for (const list of toolsOf(value, format)) checkList(list, source, report);
    },
  },
});

function checkList(list: ToolList, source: string, report: Report): void {
  if (list.problem !== undefined) {
    report({
      pointer: list.pointer,
      message: `The tools ${list.problem}. Write them as a list of {"type": "function", "function": {…}}.`,
      fixes: () => editFix('Remove the tools', false, new RecordEditor(source).remove(list.pointer)),
    });
    return;
  }
  const names = new Set<unknown>();
  for (const [i, tool] of list.tools.entries()) {
    const entry = list.asText ? list.pointer : pointerTo(list.pointer, i);
    const remove: Finding['fixes'] = () =>
      list.asText ? [] : editFix('Remove this tool', false, new RecordEditor(source).remove(entry));
    const what = list.asText ? `Tool ${i + 1} of the list` : 'This tool';
    const { value } = tool;
    const name = value?.['name'];
    if (!value) {
      const message = `${what} is no function. Write {"type": "function", "function": {"name", "description", "parameters"}}.`;
      report({ pointer: entry, message, fixes: remove });
    } else if (typeof name !== 'string' || name.trim() === '') {
      report({ pointer: tool.pointer, message: `${what} has no name. Give it one.`, fixes: remove });
    } else if (names.has(name)) {
      const message = `${what} has the name "${name}", which another one of the list has already. Rename or remove one of the two.`;
      report({ pointer: list.asText ? entry : `${tool.pointer}/name`, message, fixes: remove });
    } else checkParameters(tool, name, list.asText, report);
    names.add(name);
  }
}

function checkParameters(tool: ToolDefinition, name: string, asText: boolean, report: Report): void {
  const given = tool.value?.['parameters'];
  const at = (pointer: string): string => (asText ? tool.pointer : `${tool.pointer}${pointer}`);
  if (given === undefined || given === null) return;
  const schema = asRecord(given);
  if (!schema) {
    const message = `The parameters of "${name}" must be a JSON schema, an object. Write {"type": "object", "properties": {…}}.`;
    report({ pointer: at('/parameters'), message });
    return;
  }
  // Without these words it is a list of names, as some data sets have it, and no schema.
  if (!('type' in schema) && !('properties' in schema)) return;
  const properties = asRecord(schema['properties']);
  if (schema['properties'] !== undefined && !properties) {
    const message = `"properties" in the parameters of "${name}" must be an object with one JSON schema for each parameter.`;
    report({ pointer: at('/parameters/properties'), message });
    return;
  }
  const required = Array.isArray(schema['required']) ? (schema['required'] as readonly unknown[]) : [];
  const lost = required.find((key) => typeof key === 'string' && !(properties && Object.hasOwn(properties, key)));
  if (typeof lost === 'string')
    report({
      pointer: at('/parameters/required'),
      message: `The tool "${name}" requires the parameter "${lost}", which is not among its properties. Describe it, or do not require it.`,
    });
}
