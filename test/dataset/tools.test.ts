import { describe, expect, it } from 'vitest';
import { formatById } from '../../src/dataset/formats';
import { callsOf, toolsOf } from '../../src/dataset/tools';

const chat = formatById('chat');
const sharegpt = formatById('sharegpt');

describe('toolsOf', () => {
  const inner = { name: 'weather', parameters: {} };
  it('finds tools in every way of writing them', () => {
    expect(toolsOf({ tools: [{ type: 'function', function: inner }, inner] }, chat)).toEqual([
      {
        pointer: '/tools',
        asText: false,
        problem: undefined,
        tools: [
          { pointer: '/tools/0/function', value: inner, type: 'function' },
          { pointer: '/tools/1', value: inner, type: undefined },
        ],
      },
    ]);
    expect(toolsOf({ functions: [inner] }, chat)[0]!.tools[0]!.pointer).toBe('/functions/0');
    const [asText] = toolsOf({ tools: JSON.stringify([inner]) }, sharegpt);
    expect(asText).toMatchObject({ pointer: '/tools', asText: true, tools: [{ pointer: '/tools', value: inner }] });
    expect(toolsOf({ input: { tools: [inner] } }, formatById('preference'))[0]!.pointer).toBe('/input/tools');
  });
  it('says why there are none', () => {
    expect(toolsOf({}, chat)).toEqual([]);
    expect(toolsOf({ tools: null, functions: '' }, chat)).toEqual([]);
    expect(toolsOf({ tools: '[{' }, sharegpt)[0]!.problem).toBe('are a text that is not JSON');
    expect(toolsOf({ tools: '{}' }, sharegpt)[0]!.problem).toBe('are a text that holds no JSON list');
    expect(toolsOf({ tools: [{ type: 'retrieval' }] }, chat)[0]!.tools[0]!.value).toBeUndefined();
  });
});

describe('callsOf', () => {
  it('finds calls by key and in texts', () => {
    const [byKey] = chat.turns({
      messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' } }] }],
    });
    expect(callsOf(byKey!)).toEqual([
      {
        pointer: '/messages/0/tool_calls/0',
        id: 'a',
        idPointer: '/messages/0/tool_calls/0/id',
        name: 'f',
        namePointer: '/messages/0/tool_calls/0/function/name',
        arguments: '{}',
        argumentsPointer: '/messages/0/tool_calls/0/function/arguments',
        inText: undefined,
      },
    ]);
    const text = '[{"name": "f", "arguments": {"a": 1}}, {"name": "g", "arguments": {}}]';
    const [inText] = sharegpt.turns({ conversations: [{ from: 'function_call', value: text }] });
    expect(callsOf(inText!).map(({ name, pointer, inText: of }) => [name, pointer, of])).toEqual([
      ['f', '/conversations/0/value', text],
      ['g', '/conversations/0/value', text],
    ]);
    const [broken] = sharegpt.turns({ conversations: [{ from: 'function_call', value: 'f(1)' }] });
    expect(callsOf(broken!)).toMatchObject([{ name: undefined, inText: 'f(1)' }]);
    const [older] = chat.turns({ messages: [{ role: 'assistant', function_call: { name: 'f', arguments: '' } }] });
    expect(callsOf(older!)).toMatchObject([{ name: 'f', argumentsPointer: '/messages/0/function_call/arguments' }]);
  });
});
