import { describe, expect, it } from 'vitest';
import { tally } from '../../../src/evaluation/metrics/metric';
import { toolCalls, toolNames } from '../../../src/evaluation/metrics/tool-calls';

const score = (prediction: string, reference: string): readonly number[] =>
  [toolCalls, toolNames].map((metric) => tally(metric, [{ prediction, references: [reference] }]).score());

const weather = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}\n</tool_call>';
const time = '<tool_call>{"name": "time", "arguments": {}}</tool_call>';

describe('the same call in the ways of the templates', () => {
  it.each([
    '<tool_call>{"arguments": {"days": 2.0, "city": "Oslo"}, "name": "weather"}</tool_call>',
    'I look it up. <tool_call>{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}',
    '[TOOL_CALLS] [{"name": "weather", "arguments": {"city": "Oslo", "days": 2}, "id": "abcdefghi"}]',
    '{"name": "weather", "parameters": {"city": "Oslo", "days": 2}}',
    '<|python_tag|>{"name": "weather", "parameters": {"city": "Oslo", "days": 2}}',
    '```json\n{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}\n```',
    '{"tool_calls": [{"type": "function", "function": {"name": "weather", "arguments": "{\\"city\\":\\"Oslo\\",\\"days\\":2}"}}]}',
  ])('%s', (text) => {
    expect(score(text, weather)).toEqual([1, 1]);
    expect(score(weather, text)).toEqual([1, 1]);
  });
});

it.each([
  ['another value', weather.replace('Oslo', 'Rome'), weather, [0, 1]],
  ['another type', weather.replace('2', '"2"'), weather, [0, 1]],
  ['an argument more', weather.replace('2', '2, "x": null'), weather, [0, 1]],
  ['another tool', weather.replace('weather', 'forecast'), weather, [0, 0]],
  ['a call more', weather + time, weather, [0, 0]],
  ['a call twice', weather + weather, weather + time, [0, 0]],
  ['another order of calls', time + weather, weather + time, [1, 1]],
  ['no arguments', '{"name": "time"}', time, [1, 1]],
  ['no call', 'It rains.', weather, [0, 0]],
  ['broken JSON', weather.replace('}}', '}'), weather, [0, 0]],
  ['nothing', '', weather, [0, 0]],
  ['a call where none is due', weather, 'It rains.', [0, 0]],
  ['no call where none is due', 'It snows.', 'It rains.', [1, 1]],
] as const)('%s', (_, prediction, reference, expected) => {
  expect(score(prediction, reference)).toEqual(expected);
});
