import { expect, it } from 'vitest';
import { DEFAULT_SAMPLING, SAMPLING_FIELDS } from '../../../src/chat/sampling';
import {
  answerWords,
  defaultText,
  isBusy,
  modelWords,
  savedView,
  settingText,
  shownSides,
  systemWords,
} from '../../../src/webview/app/chat/words';

const BASE = { side: 'base', name: 'b', state: 'ready', fraction: 1 } as const;
const TUNED = { ...BASE, side: 'tuned' } as const;

it('shows the models that there are', () => {
  expect(shownSides({ models: [] }, 'both')).toEqual([]);
  expect(shownSides({ models: [TUNED, BASE] }, 'both')).toEqual(['base', 'tuned']);
  expect(shownSides({ models: [TUNED, BASE] }, 'tuned')).toEqual(['tuned']);
  expect(shownSides({ models: [BASE] }, 'tuned')).toEqual(['base']);
});

it('is busy while an answer is open', () => {
  const turn = (state: 'waiting' | 'done'): Parameters<typeof isBusy>[0] => ({
    turns: [{ user: 'a', answers: { base: { state, text: '' } } }],
  });
  expect([isBusy({ turns: [] }), isBusy(turn('waiting')), isBusy(turn('done'))]).toEqual([false, true, false]);
});

it('says how an answer went', () => {
  const done = { state: 'done', text: 'a', tokens: 1234, seconds: 40 } as const;
  expect(answerWords({ ...done, finish: 'stop' })).toBe('1,234 tokens · 30.9 tokens/s');
  expect(answerWords({ ...done, tokens: 1, seconds: 0, finish: 'length' })).toBe(
    '1 token · ended by the limit of tokens',
  );
  expect(answerWords({ state: 'done', text: '', finish: 'cancelled' })).toBe('stopped');
  expect(answerWords({ state: 'done', text: '', finish: 'stop', tokens: 0, seconds: 1 })).toBe('0 tokens');
  expect(answerWords({ state: 'waiting', text: '' })).toBe('Waiting');
});

it('says what runs a model', () => {
  expect(modelWords({ ...BASE, state: 'loading', fraction: 0.432 })).toBe('Loading, 43 %');
  expect(modelWords({ ...BASE, loaded: { contextLength: 4096, engine: 'llama.cpp' } })).toBe(
    'llama.cpp · up to 4,096 tokens',
  );
});

it('writes settings as numbers', () => {
  expect(SAMPLING_FIELDS.map(defaultText).join(', ')).toBe(
    'default 0.8, default 0.95, default 40, default 0.05, default 1, default 512, default 0',
  );
  expect(settingText(0.1 + 0.2)).toBe('0.3');
  expect(Object.keys(DEFAULT_SAMPLING)).toHaveLength(SAMPLING_FIELDS.length);
});

it('shows the beginning of the system prompt', () => {
  expect(systemWords(' \n')).toBe('none');
  expect(systemWords('One.\nTwo.')).toBe('One.');
  expect(systemWords('x'.repeat(100))).toHaveLength(80);
});

it('takes of a saved view what is sound', () => {
  expect(savedView({ draft: 'Hi', shown: 'base', settings: true, editing: 3 })).toEqual({
    ...{ draft: 'Hi', shown: 'base', settings: true },
  });
  expect(savedView({ draft: 1, shown: 'all' })).toEqual({});
  expect(savedView(null)).toEqual({});
});
