import { describe, expect, it } from 'vitest';
import { fullRange, lossData } from '../../../src/webview/app/charts/loss-data';
import { applyBatch, createRunModel, type RunModel } from '../../../src/webview/app/model';
import { chartSentence, cutSentence } from '../../../src/webview/app/parts/loss-sentences';
import { tableSteps } from '../../../src/webview/app/parts/loss-table';
import { settingRows } from '../../../src/webview/app/parts/setting-rows';
import { baseName, describeRun } from '../../../src/webview/app/parts/words';
import { packEvents } from '../../../src/webview/protocol';
import { runFolder, sampleRun, sampleSettings, type SampleOptions } from '../sample-runs';

const BASE: SampleOptions = { steps: 300, totalSteps: 300, stepsPerEpoch: 100, evalSteps: 30, saveSteps: 50 };
const same = (value: number): number => value;

function modelOf(options: SampleOptions): RunModel {
  const run = runFolder(options.name ?? 'support-bot');
  const model = createRunModel(run);
  applyBatch(model, { run, from: 0, items: packEvents(sampleRun(options)) });
  return model;
}

describe('lossData', () => {
  it('puts validation between the steps without breaking the train line', () => {
    const model = modelOf(BASE);
    const data = lossData(model, fullRange(model), 400, same);
    expect(data.step).toEqual(Array.from({ length: 301 }, (_, i) => i));
    expect(data.raw[0]).toBeUndefined();
    expect(data.validation[0]).toBe(model.evaluations[0]!.loss);
    expect(data.validation.filter((value) => value !== undefined)).toEqual(model.evaluations.map(({ loss }) => loss));
    expect(data.raw.slice(1)).toEqual([...model.series.column('loss')]);
    expect(data.smooth.slice(1)).toEqual([...model.series.smooth]);
  });

  it('marks a gap with null, also on a logarithmic axis', () => {
    const model = modelOf({ ...BASE, steps: 200, divergesAt: 150 });
    const linear = lossData(model, fullRange(model), 400, same);
    const log = lossData(model, fullRange(model), 400, (value) => (value > 0 ? Math.log10(value) : NaN));
    expect([linear.raw.at(-1), log.raw.at(-1), linear.smooth.at(-1)]).toEqual([null, null, null]);
    expect(log.raw[1]).toBeCloseTo(Math.log10(linear.raw[1]!), 12);
  });

  it('has a few points a pixel of a long run, all of them rising', () => {
    const model = modelOf({
      ...BASE,
      steps: 100_000,
      totalSteps: 100_000,
      stepsPerEpoch: 10_000,
      evalSteps: 1000,
      saveSteps: 5000,
    });
    const data = lossData(model, fullRange(model), 250, same);
    expect(data.step.length).toBeLessThan(250 * 4 + 101);
    expect(data.step.every((step, i) => i === 0 || step > data.step[i - 1]!)).toBe(true);
    expect(Math.max(...data.raw.filter((value) => typeof value === 'number'))).toBe(
      Math.max(...model.series.column('loss')),
    );
  });

  it('reaches one point beyond a zoomed range', () => {
    const model = modelOf(BASE);
    const steps = lossData(model, { from: 100, to: 120 }, 400, same).step.filter((step) => step % 30 !== 0);
    expect([steps[0], steps.at(-1)]).toEqual([99, 121]);
  });
});

describe('fullRange', () => {
  it('begins at 0 and ends at the last step or evaluation', () => {
    expect(fullRange(modelOf(BASE))).toEqual({ from: 0, to: 300 });
    expect(fullRange(createRunModel('r'))).toEqual({ from: 0, to: 1 });
  });
});

describe('words', () => {
  it('describe the chart in one sentence with its best value', () => {
    const model = modelOf(BASE);
    expect(chartSentence(model)).toMatch(
      /^Loss by step\. The smoothed train loss is \d\.\d{3} at step 300\. The best validation loss is \d\.\d{3}, at step \d+\./,
    );
  });
  it('say what is cut', () => {
    const range = { low: 0, high: 1 };
    expect(cutSentence(undefined)).toBe('');
    expect(cutSentence(range)).toBe('');
    expect(cutSentence({ ...range, start: { lastStep: 9, highest: 2.459 } })).toBe(
      'The first steps reach 2.459: cut off here.',
    );
    expect(cutSentence({ ...range, spikes: { count: 1, highest: 9, step: 1733 } })).toBe(
      'A spike reaches 9.000 at step 1,733: cut off here.',
    );
    expect(
      cutSentence({ ...range, start: { lastStep: 9, highest: 2 }, spikes: { count: 3, highest: 9, step: 7 } }),
    ).toBe('The first steps reach 2.000; 3 spikes reach up to 9.000: cut off here.');
  });
  it('name the run', () => {
    expect(describeRun(modelOf(BASE).started!)).toBe('SmolLM2-135M-Instruct · LoRA r 16 · CPU');
    expect(baseName('C:\\models\\base.gguf')).toBe('base.gguf');
  });
});

describe('tables', () => {
  it('list every evaluation and about forty steps, newest first', () => {
    const model = modelOf(BASE);
    const rows = tableSteps(model);
    expect(rows[0]!.step).toBe(300);
    expect(rows.at(-1)).toEqual({ step: 0, index: -1 });
    expect(rows.every((row, i) => i === 0 || row.step < rows[i - 1]!.step)).toBe(true);
    const steps = new Set(rows.map((row) => row.step));
    expect(model.evaluations.every(({ step }) => steps.has(step))).toBe(true);
    expect(rows.length).toBeLessThan(60);
    const steps300 = model.series.column('step');
    expect(rows.every(({ step, index }) => index === -1 || steps300[index] === step)).toBe(true);
  });

  it('mark changed settings and name their default', () => {
    const infos = [
      { key: 'r', help: 'Rank.', default: '8', automatic: false },
      { key: 'lora_alpha', help: '', default: '16', automatic: false },
      { key: 'learning_rate', help: '', default: '1e-4 for adapters', automatic: true },
      { key: 'output_dir', help: '', default: '.finetune/runs', automatic: false },
      { key: 'absent', help: '', default: '', automatic: false },
    ];
    const rows = settingRows({ ...sampleSettings(BASE), later: true }, infos);
    const byKey = new Map(rows.map((row) => [row.key, row]));
    expect(byKey.get('r')).toMatchObject({ value: '16', changed: true, default: '8', help: 'Rank.' });
    expect(byKey.get('lora_alpha')).toMatchObject({ changed: false });
    expect(byKey.get('learning_rate')).toMatchObject({ value: '2e−4', changed: false });
    expect(byKey.get('output_dir')).toMatchObject({ value: 'runs', changed: false });
    expect(byKey.get('later')).toMatchObject({ value: 'true', changed: false });
    expect(byKey.has('absent')).toBe(false);
  });
});
