import { expect, it } from 'vitest';
import { answeredEvaluations, shownEvaluation } from '../../../src/webview/app/answers';
import { applyBatch, createRunModel, type RunModel } from '../../../src/webview/app/model';
import { chartNote } from '../../../src/webview/app/parts/answer-chart';
import { packEvents } from '../../../src/webview/protocol';
import { answeringRun } from '../answering-run';
import { runFolder, sampleRun, type SampleOptions } from '../sample-runs';

const RUN = runFolder('support-bot');
const BASE: SampleOptions = { steps: 210, totalSteps: 300, stepsPerEpoch: 100, evalSteps: 25, saveSteps: 50 };

function modelOf(make: typeof sampleRun): RunModel {
  const model = createRunModel(RUN);
  applyBatch(model, { run: RUN, from: 0, items: packEvents(make(BASE)) });
  return model;
}

it('answers are those of the last evaluation that wrote some, up to the crosshair', () => {
  const model = modelOf(answeringRun);
  expect(answeredEvaluations(model).map(({ step }) => step)).toEqual([0, 50, 100, 150, 200]);
  expect(shownEvaluation(model, -1)?.step).toBe(200);
  // Index 139 is step 140; the evaluation of step 125 wrote none.
  expect(shownEvaluation(model, 139)?.step).toBe(100);
  expect(shownEvaluation(model, 10)?.step).toBe(0);
});

it('a run that writes none has none', () => {
  const model = modelOf(sampleRun);
  expect(answeredEvaluations(model)).toEqual([]);
  expect(shownEvaluation(model, -1)).toBeUndefined();
});

it('the note of a chart says where the metric began and how good it got, in its unit', () => {
  const model = modelOf(answeringRun);
  const facts = { title: '', higherIsBetter: true } as const;
  expect(chartNote(model, 'f1', { ...facts, unit: 'share' })).toBe('from 12.0 %, best 88.3 %');
  expect(chartNote(model, 'bleu', { ...facts, unit: 'points' })).toBe('from 2.1, best 72.1');
  expect(chartNote(model, 'f1', { ...facts, unit: 'share', higherIsBetter: false })).toBe('from 12.0 %, best 51.9 %');
});
