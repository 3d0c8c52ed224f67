import { describe, expect, it } from 'vitest';
import type { EventBody, TrainerEvent } from '../../src/training/protocol';
import { advance, isLive, newProgress } from '../../src/workbench/progress';

const event = (body: EventBody): TrainerEvent => ({ v: 1, time: '2026-11-24T08:00:00.000Z', ...body });
const metrics = (step: number, loss: number | null): TrainerEvent =>
  event({
    type: 'metrics',
    step,
    epoch: 0.1,
    loss,
    learningRate: 1e-4,
    gradientNorm: 1,
    tokensPerSecond: 100,
    trainedTokens: 10,
    memoryBytes: 1,
    secondsLeft: 30,
  });

describe('progress of a run', () => {
  it('goes through the phases to the steps', () => {
    let progress = newProgress('a');
    progress = advance(progress, event({ type: 'phase', phase: 'load', state: 'begin' }));
    expect(progress).toMatchObject({ state: 'starting', phase: 'load' });
    progress = advance(progress, event({ type: 'progress', phase: 'tokenize', done: 5, total: 10, unit: 'records' }));
    expect(progress).toMatchObject({ phase: 'tokenize', part: { done: 5, total: 10, unit: 'records' } });
    progress = advance(progress, event({ type: 'phase', phase: 'tokenize', state: 'end', seconds: 1 }));
    expect(progress).toMatchObject({ phase: undefined, part: undefined });
    progress = advance(progress, metrics(1, 2.5));
    expect(progress).toMatchObject({ state: 'training', phase: 'train', step: 1, loss: 2.5, secondsLeft: 30 });
  });

  it('returns to training after an evaluation', () => {
    let progress = advance(newProgress('a'), metrics(1, 2.5));
    progress = advance(progress, event({ type: 'phase', phase: 'evaluate', state: 'begin' }));
    expect(progress.phase).toBe('evaluate');
    progress = advance(progress, event({ type: 'phase', phase: 'evaluate', state: 'end' }));
    expect(progress.phase).toBe('train');
  });

  it('keeps the last finite loss', () => {
    const progress = [metrics(1, 2.5), metrics(2, null)].reduce(advance, newProgress('a'));
    expect(progress).toMatchObject({ step: 2, loss: 2.5 });
  });

  it('goes on when the run is resumed in the same log', () => {
    const stopped = event({ type: 'stopped', step: 3, checkpoint: '/c', adapter: null });
    const started = event({
      type: 'started',
      run: '/r',
      name: 'a',
      settings: {},
      engine: 'onnxruntime',
      device: 'cpu',
      totalSteps: 10,
      stepsPerEpoch: 5,
      trainExamples: 80,
      validationExamples: 0,
      baseParameters: 1,
      trainableParameters: 1,
    });
    const progress = [metrics(3, 2), stopped, started].reduce(advance, newProgress('a'));
    expect(progress).toMatchObject({ state: 'starting', totalSteps: 10, step: 3, final: undefined });
    expect(advance(progress, metrics(4, 2)).state).toBe('training');
    // From an earlier checkpoint: the steps since then are made again.
    expect(advance(progress, { ...started, resumedFrom: 2 } as TrainerEvent).step).toBe(2);
  });

  it('is live while it waits, and forgets neither a pause nor a stop', () => {
    const paused = [metrics(3, 2), event({ type: 'paused', step: 3 })].reduce(advance, newProgress('a'));
    expect([paused.state, isLive(paused)]).toEqual(['paused', true]);
    expect(advance(paused, event({ type: 'continued', step: 3 })).state).toBe('training');
    // The step that was under way when a pause was asked for.
    expect(advance({ ...paused, state: 'pausing' }, metrics(4, 2)).state).toBe('pausing');
    expect(advance({ ...paused, state: 'stopping' }, event({ type: 'continued', step: 3 })).state).toBe('stopping');
  });

  it('stays stopping until the last event', () => {
    const stopping = { ...newProgress('a'), state: 'stopping' as const };
    const next = advance(stopping, metrics(3, 2));
    expect(next.state).toBe('stopping');
    const ended = advance(next, event({ type: 'stopped', step: 3, checkpoint: '/c', adapter: null }));
    expect(ended.state).toBe('stopped');
    expect([isLive(next), isLive(ended)]).toEqual([true, false]);
  });
});
