import { describe, expect, it } from 'vitest';
import { chat, good, passing, refusal } from './setup';

const settings = { eval_metrics: ['f1'], eval_steps: 100 };
const validation = [chat('And 99?', 'It is 100.'), chat('And 100?', 'It is 101.')];

describe('answers while training', () => {
  it('need validation records with a prompt', () => {
    expect(refusal(good(20), { settings }).message).toBe(
      'eval_metrics names f1, but there is no validation data whose records could be answered. (eval-metrics)',
    );
    const texts = (from: number) => Array.from({ length: 12 }, (_, i) => ({ text: `A text about ${from + i}.` }));
    expect(refusal(texts(0), { settings, validation: texts(50) }).message).toContain(
      'no validation record has a prompt and a whole answer',
    );
    expect(passing(good(20), { settings, validation })).toEqual([]);
  });

  it('need references that the metric can read', () => {
    const json = [chat('As JSON: 1', '{"a": 1}'), ...validation];
    const failure = refusal(good(20), {
      validation: json,
      settings: { ...settings, eval_metrics: ['f1', 'json_fields'] },
    });
    expect(failure).toMatchObject({
      message:
        'eval_metrics names json_fields, which cannot read the answers of 2 of 3 records (66.7 %) that were drawn, lines 2, 3. (eval-metrics)',
      hint: 'Choose a metric for such answers, for example f1 or rougeL.',
    });
  });

  it('leave out records that are cut off, and say how many are answered', () => {
    const long = chat('Count.', Array.from({ length: 80 }, (_, i) => i).join(' '));
    const found = passing(good(20), { validation: [...validation, long], settings: { ...settings, max_length: 64 } });
    expect(found.filter((text) => text.startsWith('eval-metrics'))).toEqual([
      'eval-metrics: 2 of 3 validation records are answered for eval_metrics: the others are cut off, or have no prompt that the template takes.',
    ]);
    const cutAll = refusal(good(20), { validation: [long], settings: { ...settings, max_length: 64 } });
    expect(cutAll.message).toContain('no validation record has a prompt and a whole answer');
  });

  it('say what they cost where it is much', () => {
    const [found] = passing(good(4), {
      validation,
      settings: { ...settings, eval_steps: 1, batch_size: 1, gradient_accumulation_steps: 1 },
    });
    expect(found).toMatch(
      /^answers-take-long: Answers to 2 validation records are written every step, and take about [\d.]+ times as long as these steps\.$/,
    );
  });
});

it('settings that count for nothing are named', () => {
  expect(passing(good(20), { settings: { method: 'full', r: 4, target_modules: ['all-linear'] } })).toEqual([
    'ignored-settings: r, target_modules belong to an adapter, and method "full" trains all weights without one.',
  ]);
  expect(passing(good(20), { settings: { engine: 'reference', device: 'webgpu' } })).toEqual([
    'ignored-settings: device "webgpu" counts for nothing with engine "reference", which runs on the processor.',
  ]);
  expect(passing(good(20), { settings: { method: 'full', engine: 'reference', device: 'cpu' } })).toEqual([]);
});
