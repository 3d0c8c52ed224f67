import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkBase } from '../../../src/training/base';
import { absolutePaths } from '../../../src/training/config-file';
import { loadData } from '../../../src/training/data';
import { FORCEABLE, PREFLIGHT_CODES, preflightDoc } from '../../../src/training/preflight/codes';
import { preflight } from '../../../src/training/preflight/preflight';
import { parseSettings, resolveDefaults } from '../../../src/training/settings';
import { openBaseModel } from '../../../src/training/weights/base-model';
import { type Record_, chat, good, inputFor, passing, refusal } from './setup';

describe('the preflight', () => {
  it('is silent on good records', () => {
    expect(passing(good(20), { validation: [chat('And 99?', 'It is 100.')] })).toEqual([]);
  });

  it('is silent on the sample', () => {
    const home = resolve(__dirname, '..', '..', '..', 'media', 'sample');
    const written = JSON.parse(readFileSync(join(home, 'finetune.json'), 'utf8')) as Record_;
    const parsed = parseSettings(absolutePaths(written, home));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const base = checkBase(openBaseModel(parsed.settings.model!), parsed.settings);
    const data = loadData(parsed.settings, base, () => undefined);
    const settings = resolveDefaults(parsed.settings, { stepsPerEpoch: 100, physicalCores: 2, name: 'sample' });
    expect(preflight({ settings, asked: parsed.settings, base, data })).toEqual({ warnings: [], forced: [] });
  });

  it('refuses everything at once, each with its place and remedy', () => {
    const failure = refusal(
      [...good(4), chat('Off?', 'Yes.', { weight: 0 }), chat('Off again?', 'Yes.', { weight: 0 })],
      {
        settings: { learning_rate: 0.5, warmup_steps: 40 },
        validation: good(2),
      },
    );
    expect(failure).toMatchObject({ code: 'preflight', exitCode: 2 });
    expect(failure.message.split('\n')).toEqual([
      '4 things stand against this run:',
      '- learning_rate 0.5 is 50 times above the range for an adapter, 1e-6 to 1e-2. (learning-rate)',
      '  Set learning_rate to 1e-4, or leave it out.',
      '- warmup_steps is 40 and the run has 40 steps, so the learning rate never reaches 0.5. (warm-up)',
      '  Set warmup_steps to 4 (10 % of the steps), or train longer with epochs or max_steps.',
      '- train.jsonl: 2 of 6 records (33.3 %) without a trained token, lines 5, 6. They are left out. (masked-records)',
      expect.stringContaining('Raise max_length (1024), give an answer the weight 1'),
      '- validation.jsonl: 2 of 2 records (100.0 %) for validation are also trained, lines 1, 2. (validation-in-training)',
      expect.stringContaining('fine-tune split'),
    ]);
    expect(failure.hint).toBe(
      'To start all the same: --force learning-rate --force warm-up --force masked-records --force validation-in-training ' +
        '(in finetune.json: "force": ["learning-rate","warm-up","masked-records","validation-in-training"]).',
    );
  });

  it('lets what is forced pass, with a warning, and still refuses the rest', () => {
    const settings = { learning_rate: 0.5, warmup_steps: 40 };
    const both = { ...settings, force: ['learning-rate', 'warm-up'] };
    const { warnings, forced } = preflight(inputFor(good(4), { settings: both }));
    expect(forced.map(({ code }) => code)).toEqual(['learning-rate', 'warm-up']);
    expect(warnings[0]!.message).toMatch(
      /^learning_rate 0\.5 .* The run starts all the same: force names learning-rate\.$/,
    );
    const { message, hint } = refusal(good(4), { settings: { ...settings, force: ['warm-up'] } });
    expect(message).toMatch(/^learning_rate 0\.5 is 50 times .*\(learning-rate\)$/);
    expect(hint).toContain('--force learning-rate (');
    // A code that blocks nothing here is no error.
    expect(preflight(inputFor(good(4), { settings: { force: ['doubled-bos'] } })).forced).toEqual([]);
  });

  it('has a complete text for each code, and force takes those that block', () => {
    for (const code of PREFLIGHT_CODES) {
      const { title, why, whatToDo, blocks, final } = preflightDoc(code);
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(title).toMatch(/^[A-Z].*[^.]$/);
      for (const text of [why, whatToDo]) expect(text, code).toMatch(/^("fine|[A-Z]).*\.$/);
      expect(FORCEABLE.includes(code)).toBe(blocks !== null && !final);
    }
  });
});
