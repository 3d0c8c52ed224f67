import { describe, expect, it } from 'vitest';
import type { TrainerEvent } from '../../../src/training/protocol';
import { packEvents } from '../../../src/webview/protocol';
import {
  applyBatch,
  bestEvaluation,
  createRunModel,
  elapsedSeconds,
  evaluationBefore,
  evaluationsSinceBest,
  firstBadStep,
  keptCheckpoints,
  secondsLeft,
  stateOf,
  stepsDone,
  type RunModel,
} from '../../../src/webview/app/model';
import { preferenceRun, runFolder, sampleRun, SAMPLE_START, type SampleOptions } from '../sample-runs';

const RUN = runFolder('support-bot');
const BASE: SampleOptions = { steps: 300, totalSteps: 300, stepsPerEpoch: 100, evalSteps: 25, saveSteps: 50 };

function modelOf(events: readonly TrainerEvent[]): RunModel {
  const model = createRunModel(RUN);
  expect(applyBatch(model, { run: RUN, from: 0, items: packEvents(events) })).toBe(true);
  return model;
}

describe('applyBatch', () => {
  it('gives the same in one batch as event by event', () => {
    const events = sampleRun({ ...BASE, ending: 'completed', warnings: [{ code: 'a', message: 'b', hint: 'c' }] });
    const whole = modelOf(events);
    const single = createRunModel(RUN);
    events.forEach((event, from) =>
      expect(applyBatch(single, { run: RUN, from, items: packEvents([event]) })).toBe(true),
    );
    const facts = (model: RunModel): unknown => ({
      ...model,
      series: [...model.series.column('loss'), ...model.series.smooth],
    });
    expect(facts(single)).toEqual(facts(whole));
    expect(whole.have).toBe(events.length);
    expect(whole.series.length).toBe(300);
  });

  it('keeps the rewards of preference pairs, which other runs do not have', () => {
    const events = preferenceRun(BASE);
    const last = events.findLast((event) => event.type === 'metrics')!;
    const { series } = modelOf(events);
    expect([series.last('rewardChosen'), series.last('rewardRejected')]).toEqual([
      last.rewards!.chosen,
      last.rewards!.rejected,
    ]);
    expect([series.last('rewardMargin'), series.last('rewardAccuracy')]).toEqual([
      last.rewards!.margins,
      last.rewards!.accuracies,
    ]);
    expect(modelOf(sampleRun(BASE)).series.last('rewardMargin')).toBeNaN();
  });

  it('refuses a batch that leaves a gap, repeats, or is of another run', () => {
    const model = modelOf(sampleRun(BASE).slice(0, 10));
    expect(applyBatch(model, { run: RUN, from: 12, items: [] })).toBe(false);
    expect(applyBatch(model, { run: RUN, from: 0, items: [] })).toBe(false);
    expect(applyBatch(model, { run: 'other', from: 10, items: [] })).toBe(false);
    expect(model.have).toBe(10);
  });

  it('counts a repeated warning once and keeps its step', () => {
    const warning = {
      v: 1,
      time: '2026-11-24T12:40:10.000Z',
      type: 'warning',
      code: 'spike',
      message: 'Spike.',
    } as const;
    const events = sampleRun({ ...BASE, steps: 5 });
    const model = modelOf([...events, warning, warning, { ...warning, message: 'Other.' }]);
    expect(model.warnings.map(({ message, count, step }) => ({ message, count, step }))).toEqual([
      { message: 'Spike.', count: 2, step: 5 },
      { message: 'Other.', count: 1, step: 5 },
    ]);
  });

  it('adds up phases and knows the innermost one', () => {
    const phase = (name: 'train' | 'evaluate' | 'save', state: 'begin' | 'end', seconds?: number): TrainerEvent => ({
      v: 1,
      time: '2026-11-24T12:40:10.000Z',
      type: 'phase',
      phase: name,
      state,
      ...(seconds === undefined ? {} : { seconds }),
    });
    const events = [
      phase('train', 'begin'),
      phase('evaluate', 'begin'),
      phase('evaluate', 'end', 2),
      phase('evaluate', 'begin'),
    ];
    const model = modelOf(events);
    expect(model.active).toEqual(['train', 'evaluate']);
    applyBatch(model, { run: RUN, from: 4, items: packEvents([phase('evaluate', 'end', 3)]) });
    expect(model.active).toEqual(['train']);
    expect(model.phases).toEqual([{ phase: 'evaluate', seconds: 5 }]);
  });

  it('drops what a resumed run repeats, and the ending that it goes on from', () => {
    const first = sampleRun({ ...BASE, steps: 120, ending: 'stopped' });
    const again = sampleRun({ ...BASE, steps: 200, seed: 8, startTime: SAMPLE_START + 3_600_000 })
      .filter((event) => !('step' in event) || event.step > 100)
      .map((event) => (event.type === 'started' ? { ...event, resumedFrom: 100 } : event));
    const model = modelOf([...first, ...again]);
    expect(model.final).toBeUndefined();
    expect(model.series.length).toBe(200);
    expect([...model.series.column('step')]).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(model.evaluations.map((evaluation) => evaluation.step)).toEqual([0, 25, 50, 75, 100, 125, 150, 175]);
    const session = (events: readonly TrainerEvent[]): number =>
      Date.parse(events[events.length - 1]!.time) - Date.parse(events[0]!.time);
    expect(elapsedSeconds(model, false, 0)).toBeCloseTo((session(first) + session(again)) / 1000, 3);
  });
});

describe('what the model says', () => {
  it('forgets at once what a resumed run makes again', () => {
    const first = sampleRun({ ...BASE, steps: 120, ending: 'stopped' });
    const started = first.find((event) => event.type === 'started')!;
    const model = modelOf([...first, { ...started, resumedFrom: 50 } as TrainerEvent]);
    expect(model.evaluations.map(({ step }) => step)).toEqual([0, 25, 50]);
    expect(keptCheckpoints(model).map(({ step }) => step)).toEqual([50]);
  });

  it('finds the best evaluation, and counts those since', () => {
    const events = sampleRun({ ...BASE, steps: 300 });
    const model = modelOf(events);
    const losses = events.flatMap((event) => (event.type === 'evaluation' ? [event] : []));
    const lowest = Math.min(...losses.map((event) => event.loss!));
    const base = { ...losses[0]!, loss: lowest / 2 };
    expect(bestEvaluation(model)?.loss).toBe(lowest);
    // The base model's loss is a yardstick, not a result.
    expect(bestEvaluation(modelOf(events.map((event) => (event === losses[0] ? base : event))))?.loss).toBe(lowest);
    const at = losses.findIndex((event) => event.loss === lowest);
    expect(evaluationsSinceBest(model)).toBe(losses.length - 1 - at);
    expect(evaluationBefore(model, 60)?.step).toBe(50);
    expect(evaluationBefore(createRunModel(RUN), 60)).toBeUndefined();
  });

  it('keeps the newest checkpoints and the best one', () => {
    const checkpoint = (step: number, best: boolean): TrainerEvent => ({
      v: 1,
      time: '2026-11-24T12:40:10.000Z',
      type: 'checkpoint',
      step,
      path: `p${step}`,
      best,
    });
    const started = sampleRun(BASE)[0]!;
    const model = modelOf([started, ...[50, 100, 150, 200, 250].map((step) => checkpoint(step, step <= 100))]);
    expect(keptCheckpoints(model).map((kept) => kept.step)).toEqual([250, 200, 150, 100]);
  });

  it('tells a live run from an interrupted one by the list, an ended one by its log', () => {
    const live = modelOf(sampleRun({ ...BASE, steps: 10 }));
    expect([stateOf(live, 'running'), stateOf(live, 'interrupted'), stateOf(live, undefined)]).toEqual([
      'running',
      'interrupted',
      'running',
    ]);
    expect(stateOf(modelOf(sampleRun({ ...BASE, steps: 10, ending: 'failed' })), 'running')).toBe('failed');
  });

  it('foretells the end as a range around the last estimates', () => {
    const model = modelOf(sampleRun({ ...BASE, steps: 100, secondsPerStep: 2 }));
    const left = secondsLeft(model)!;
    expect(left.low).toBeLessThanOrEqual(left.high);
    expect(left.low).toBeGreaterThan(350);
    expect(left.high).toBeLessThan(450);
    expect(secondsLeft(modelOf(sampleRun({ ...BASE, ending: 'completed' })))).toBeUndefined();
    expect(secondsLeft(createRunModel(RUN))).toBeUndefined();
  });

  it('lets the clock run for a live run only', () => {
    const model = modelOf(sampleRun({ ...BASE, steps: 10 }));
    const own = (model.lastTime - SAMPLE_START) / 1000;
    expect(elapsedSeconds(model, false, model.lastTime + 5000)).toBeCloseTo(own, 6);
    expect(elapsedSeconds(model, true, model.lastTime + 5000)).toBeCloseTo(own + 5, 6);
    expect(elapsedSeconds(createRunModel(RUN), true, 1)).toBe(0);
  });

  it('finds the first step that is not a number', () => {
    expect(firstBadStep(modelOf(sampleRun({ ...BASE, steps: 200, divergesAt: 160 })))).toBe(200);
    expect(firstBadStep(modelOf(sampleRun(BASE)))).toBeUndefined();
  });

  it('counts the steps that are done', () => {
    expect(stepsDone(modelOf(sampleRun({ ...BASE, steps: 20 })))).toBe(20);
    expect(stepsDone(createRunModel(RUN))).toBe(0);
  });
});
