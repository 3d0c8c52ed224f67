import type { RunModel } from '../model';
import { decimate } from '../decimate';
import { lowerBound } from '../series';

/** A value, a gap (`null`), or nothing at this x (`undefined`): the three that uPlot tells apart. */
export type Cell = number | null | undefined;

/** Points of the loss chart with one common x, which is the step. */
export interface LossData {
  readonly step: number[];
  readonly raw: Cell[];
  readonly smooth: Cell[];
  readonly validation: Cell[];
}

export interface StepRange {
  readonly from: number;
  readonly to: number;
}

/** Steps from the first to the last one that is known; room for one step when there is none. */
export function fullRange(model: RunModel): StepRange {
  const steps = model.series.column('step');
  const lastEvaluation = model.evaluations[model.evaluations.length - 1]?.step ?? 0;
  const firstEvaluation = model.evaluations[0]?.step ?? Infinity;
  const from = Math.min(steps[0] ?? 0, firstEvaluation, 1e15);
  const first = from <= 1 ? 0 : from;
  return { from: first, to: Math.max(steps[steps.length - 1] ?? 0, lastEvaluation, first + 1) };
}

/** What a chart of `pixels` columns shows of the steps in `range`. `scale` is the identity or the logarithm. */
export function lossData(model: RunModel, range: StepRange, pixels: number, scale: (loss: number) => number): LossData {
  const { series } = model;
  const steps = series.column('step');
  const loss = series.column('loss');
  const smooth = series.smooth;
  // One point beyond each edge, so that lines run to the border.
  const from = Math.max(0, lowerBound(steps, range.from) - 1);
  const to = Math.min(steps.length, lowerBound(steps, range.to) + 2);
  const kept = decimate(steps, loss, from, to, pixels);
  const cell = (value: number): Cell => {
    const scaled = scale(value);
    return Number.isFinite(scaled) ? scaled : null;
  };
  const data: LossData = { step: [], raw: [], smooth: [], validation: [] };
  const evaluations = model.evaluations;
  let next = 0;
  const addEvaluationsBelow = (step: number): void => {
    while (next < evaluations.length && evaluations[next]!.step < step) {
      const evaluation = evaluations[next++]!;
      push(data, evaluation.step, undefined, undefined, cell(evaluation.loss ?? NaN));
    }
  };
  for (const index of kept) {
    const step = steps[index]!;
    addEvaluationsBelow(step);
    const evaluation = evaluations[next]?.step === step ? evaluations[next++] : undefined;
    const validation = evaluation ? cell(evaluation.loss ?? NaN) : undefined;
    push(data, step, cell(loss[index]!), cell(smooth[index]!), validation);
  }
  addEvaluationsBelow(Infinity);
  return data;
}

function push(data: LossData, step: number, raw: Cell, smooth: Cell, validation: Cell): void {
  data.step.push(step);
  data.raw.push(raw);
  data.smooth.push(smooth);
  data.validation.push(validation);
}
