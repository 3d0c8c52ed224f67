import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/common/failure';
import { newProgress, type RunProgress } from '../../src/workbench/progress';
import {
  countText,
  durationText,
  endingOf,
  lossText,
  numberText,
  progressText,
  sentences,
  statusDetail,
  statusText,
} from '../../src/workbench/words';

const stamp = { v: 1, time: '2026-11-24T08:00:00.000Z' } as const;
const training: RunProgress = {
  ...newProgress('support'),
  state: 'training',
  phase: 'train',
  step: 12,
  totalSteps: 1300,
  loss: 1.2304,
  secondsLeft: 182,
};

describe('numbers', () => {
  it.each([
    [0, '0 s'],
    [39.6, '40 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [780, '13 min'],
    [3600, '1 h'],
    [7500, '2 h 5 min'],
    [-3, '0 s'],
  ])('writes %f seconds as %s', (seconds, text) => expect(durationText(seconds)).toBe(text));

  it('writes the minus sign, groups and exponents as the guide does', () => {
    expect(countText(1056)).toBe('1,056');
    expect(lossText(-0.5)).toBe('−0.500');
    expect(numberText(2e-4)).toBe('2e−4');
    expect(numberText(0.1)).toBe('0.1');
    expect(numberText(16)).toBe('16');
    expect(numberText(0)).toBe('0');
  });

  it('ends every sentence once', () => {
    expect(sentences('The file is empty', ' Add records. ', '')).toBe('The file is empty. Add records.');
  });
});

describe('the notification', () => {
  it('names the phase before the first step', () => {
    expect(progressText(newProgress('a'))).toBe('Starting the trainer');
    const waiting = { ...newProgress('a'), state: 'paused', phase: 'train' } as const;
    expect(progressText(waiting)).toBe('paused before the first step');
    const part = { done: 1200, total: 5000, unit: 'records' };
    expect(progressText({ ...newProgress('a'), phase: 'tokenize', part })).toBe(
      'Tokenizing the data: 1,200 of 5,000 records',
    );
  });

  it('shows step, loss and time left', () => {
    expect(progressText(training)).toBe('step 12 of 1,300 · loss 1.230 · about 3 min left');
  });

  it('shows what else the trainer does between two steps', () => {
    expect(progressText({ ...training, phase: 'evaluate' })).toBe('step 12 of 1,300 · loss 1.230 · evaluating');
  });
});

describe('the status bar', () => {
  it('is short, with the words in the tooltip', () => {
    expect(statusText(training)).toBe('$(graph-line) 12/1,300 · 1.230');
    expect(statusText({ ...training, state: 'stopping' })).toBe('$(loading~spin) Stopping 12/1,300 · 1.230');
    const detail = statusDetail({ ...training, validationLoss: 1.1, checkpoint: { step: 10, path: '/c' } });
    expect(detail).toBe(
      'support: step 12 of 1,300 · loss 1.230 · about 3 min left\nValidation loss 1.100\nSaved at step 10',
    );
    expect(statusDetail({ ...training, state: 'interrupted' })).toBe(
      'support: interrupted at step 12 of 1,300, loss 1.230',
    );
  });
});

const shorten = (text: string): string => text.replaceAll('/runs/', '');

describe('the ending', () => {
  it('names steps, time, both losses and the best step', () => {
    const ending = endingOf(
      {
        ...training,
        state: 'completed',
        final: {
          ...stamp,
          type: 'completed',
          adapter: '/runs/a/adapter',
          step: 1300,
          seconds: 125,
          metrics: { loss: 0.5, validationLoss: 0.625, bestStep: 1170, trainedTokens: 1, peakMemoryBytes: 1 },
        },
      },
      shorten,
    );
    expect(ending).toEqual({
      kind: 'information',
      message: 'Trained support: 1,300 steps in 2 min, loss 0.500, validation loss 0.625 (best at step 1,170).',
      kept: '/runs/a/adapter',
    });
  });

  it('says where the checkpoint of a stopped run is, and when there is none', () => {
    const stopped = { ...stamp, type: 'stopped', step: 12, adapter: null } as const;
    const kept = endingOf(
      { ...training, state: 'stopped', final: { ...stopped, checkpoint: '/runs/a/step-12' } },
      shorten,
    );
    expect(kept.message).toBe('Stopped support after step 12. The checkpoint is kept in a/step-12.');
    expect(kept.kept).toBe('/runs/a/step-12');
    const nothing = endingOf({ ...training, state: 'stopped', final: { ...stopped, checkpoint: null } }, shorten);
    expect(nothing.message).toBe('Stopped support after step 12. Nothing was saved yet.');
  });

  it('repeats message and hint of a failure', () => {
    const ending = endingOf(
      {
        ...training,
        state: 'failed',
        final: {
          ...stamp,
          type: 'failed',
          code: 'not-finite',
          message: 'The loss is NaN at step 13',
          hint: 'Lower the learning rate.',
          exitCode: 1,
        },
      },
      shorten,
    );
    expect(ending.kind).toBe('error');
    expect(ending.message).toBe('Training support failed: The loss is NaN at step 13. Lower the learning rate.');
  });

  it('shows the first item of a list', () => {
    const message = 'The data has 3 errors:\n/runs/train.jsonl:1:1 No answer.\n/runs/train.jsonl:2:1 No answer.\n';
    const final = {
      ...stamp,
      type: 'failed',
      code: 'data-errors',
      message,
      hint: 'Correct them.',
      exitCode: 2,
    } as const;
    expect(endingOf({ ...newProgress('support'), state: 'failed', final }, shorten).message).toBe(
      'Training support failed: The data has 3 errors: train.jsonl:1:1 No answer. … Correct them.',
    );
  });

  it('tells of a trainer that vanished', () => {
    const ending = endingOf(
      { ...training, state: 'interrupted', checkpoint: { step: 10, path: '/runs/a/step-10' } },
      shorten,
    );
    expect(ending).toMatchObject({ kind: 'error', kept: '/runs/a/step-10' });
    expect(ending.message).toBe(
      'The trainer of support is gone without a last word at step 12 of 1,300. The checkpoint of step 10 is kept. The log may say why.',
    );
    const lost = new Failure('trainer-killed', 'The trainer was killed before the first step.', 'Use less memory.');
    expect(endingOf({ ...newProgress('support'), state: 'interrupted', lost }, shorten).message).toBe(
      'Training support failed: The trainer was killed before the first step. There was no checkpoint yet. Use less memory.',
    );
  });
});
