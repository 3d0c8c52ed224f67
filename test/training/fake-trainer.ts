/**
 * A trainer without a model, for tests of everything around the trainer: same command line, same streams, same
 * files. What it does is told by the environment variable FAKE_TRAINER (JSON, see `FakePlan`).
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCommands, serveControl } from '../../src/training/control';
import type { EventBody, TrainerEvent } from '../../src/training/protocol';
import { appendEvent, openRunFolder } from '../../src/training/run-folder';

export interface FakePlan {
  readonly steps?: number;
  readonly stepMs?: number;
  /** After this step … */
  readonly at?: number;
  /** … this happens. `hang` ignores commands from then on, `child` starts a grandchild in a group of its own. */
  readonly then?: 'SIGKILL' | 'throw' | 'failed' | 'hang' | 'child' | 'exit-without-event';
}

async function main(): Promise<void> {
  const { steps = 4, stepMs = 5, at = -1, then }: FakePlan = JSON.parse(process.env['FAKE_TRAINER'] ?? '{}');
  const folder = openRunFolder(process.argv[2]!);
  const attached = process.argv.includes('--attached');
  let stop = false;
  let deaf = false;
  const onCommand = (): void => {
    stop = !deaf;
  };
  const control = await serveControl(folder, onCommand);
  // The host may be gone: its end of the pipe closes before we have stopped.
  process.stdout.on('error', () => undefined);
  if (attached) readCommands(process.stdin, onCommand, onCommand);
  const emit = (body: EventBody): void => {
    const event = { v: 1, time: new Date().toISOString(), ...body } as TrainerEvent;
    appendEvent(folder, event);
    if (attached) process.stdout.write(`${JSON.stringify(event)}\n`);
    control.broadcast(event);
  };
  const end = async (code: number): Promise<never> => {
    await control.close();
    process.exit(code);
  };

  emit({
    type: 'started',
    run: folder.path,
    name: folder.run.name,
    settings: { ...folder.run.requested, max_steps: steps, warmup_steps: 0 },
    engine: 'reference',
    device: 'cpu',
    totalSteps: steps,
    stepsPerEpoch: Math.max(1, steps / 2),
    trainExamples: 12,
    validationExamples: 3,
    baseParameters: 1_800_000,
    trainableParameters: 15_360,
  });
  emit({ type: 'phase', phase: 'load', state: 'begin' });
  emit({ type: 'phase', phase: 'load', state: 'end', seconds: 0.4 });
  emit({ type: 'phase', phase: 'train', state: 'begin' });
  let step = 0;
  while (step < steps && !stop) {
    await new Promise((done) => setTimeout(done, stepMs));
    step++;
    emit({
      type: 'metrics',
      step,
      epoch: (2 * step) / steps,
      loss: 1 + 2 / step,
      learningRate: 1e-4,
      gradientNorm: 0.5,
      tokensPerSecond: 450,
      trainedTokens: 100 * step,
      memoryBytes: 150_000_000,
      secondsLeft: ((steps - step) * stepMs) / 1000,
    });
    if (step !== at) continue;
    if (then === 'SIGKILL') process.kill(process.pid, 'SIGKILL');
    if (then === 'throw') throw new Error('the fake trainer broke');
    if (then === 'exit-without-event') await end(0);
    if (then === 'hang') {
      deaf = true;
      stop = false;
    }
    if (then === 'child') {
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
      writeFileSync(join(folder.path, 'grandchild'), String(child.pid));
    }
    if (then === 'failed') {
      emit({ type: 'failed', code: 'loss-not-finite', message: 'The loss is NaN.', hint: 'Lower it.', exitCode: 1 });
      await end(1);
    }
  }
  emit({
    type: 'evaluation',
    step,
    epoch: 2,
    loss: 1.25,
    perplexity: 3.49,
    tokenAccuracy: 0.5,
    trainedTokens: 30,
    best: true,
  });
  const checkpoint = join(folder.checkpoints, `step-${String(step).padStart(6, '0')}`);
  mkdirSync(checkpoint, { recursive: true });
  emit({ type: 'checkpoint', step, path: checkpoint, best: true });
  if (stop) {
    emit({ type: 'stopped', step, checkpoint, adapter: null });
    await end(0);
  }
  mkdirSync(folder.adapter, { recursive: true });
  emit({
    type: 'completed',
    adapter: folder.adapter,
    step,
    seconds: 1.5,
    metrics: {
      loss: 1 + 2 / step,
      validationLoss: 1.25,
      bestStep: step,
      trainedTokens: 400,
      peakMemoryBytes: 160_000_000,
    },
  });
  await end(0);
}

void main();
