/**
 * `kill -9` at random moments, also while a trainer loads, saves or waits: the run always goes on, and comes to the
 * same end. FINE_TUNE_KILLS sets how often, in runs of five kills.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { checkpointSteps } from '../../src/training/checkpoint';
import { readEvents, runFolderAt, summarizeRun } from '../../src/training/run-folder';
import { temporaryFolder } from './fake-run';
import { STEPS, ask, create, expectSameRun, expectUsable, runCli, settingsFor, startTrainer, train, untilEvent } from './trainer-process'; // prettier-ignore

const KILLS = Number(process.env['FINE_TUNE_KILLS'] ?? 10);
const KILLS_OF_RUN = 5;
const METHODS = ['lora', 'full'] as const;
const RUNS = Array.from({ length: Math.ceil(KILLS / KILLS_OF_RUN) }, (_, i) => ({
  method: METHODS[i % METHODS.length]!,
  seed: i + 1,
}));
/** When a trainer is killed, counted from its start, its first step, or what it does then. */
const MOMENTS = ['start', 'step', 'save', 'pause', 'save'] as const;
type Moment = (typeof MOMENTS)[number];

const folder = temporaryFolder();
const done: Record<Moment, number> = { start: 0, step: 0, save: 0, pause: 0 };
let saving = 0;
afterAll(() => {
  folder.remove();
  console.log(`Killed ${JSON.stringify(done)}; ${saving} left a half-written checkpoint behind.`);
});

const halfWritten = (path: string): boolean => {
  try {
    return readdirSync(runFolderAt(path).checkpoints).some((name) => name.endsWith('.partial'));
  } catch {
    return false;
  }
};

/** Starts a trainer and kills it. Returns whether it had not ended by itself. */
async function trainAndKill(path: string, resume: boolean, moment: Moment, waitMs: number): Promise<boolean> {
  const before = readEvents(path).length;
  const child = startTrainer(path, resume);
  const ended = new Promise<NodeJS.Signals | null>((settle) => child.once('exit', (_, signal) => settle(signal)));
  if (moment !== 'start') await untilEvent(path, child, 'metrics', before);
  if (moment === 'pause') {
    await ask(path, { type: 'pause' });
    await untilEvent(path, child, 'paused', before);
    if (child.exitCode === null) expect((await summarizeRun(path)).state).toBe('paused');
  }
  await new Promise((settle) => setTimeout(settle, waitMs));
  if (moment === 'save') while (child.exitCode === null && !halfWritten(path)) await turn();
  child.kill('SIGKILL');
  if ((await ended) !== 'SIGKILL') return false;
  done[moment]++;
  if (halfWritten(path)) saving++;
  return true;
}

describe.each(METHODS.filter((method) => RUNS.some((run) => run.method === method)))('a run (%s)', (method) => {
  let whole: string;
  beforeAll(() => {
    whole = create(settingsFor(folder.path, method), method);
    expect(train(whole)).toBe(0);
  }, 300_000);

  it.each(RUNS.filter((run) => run.method === method))(
    'that is killed again and again goes on, and ends with the same losses and weights (seed $seed)',
    async ({ seed }) => {
      const random = createRandom(seed, 77);
      const path = create(settingsFor(folder.path, method), method);
      const moments = random.shuffle([...MOMENTS]);
      for (const [kills, moment] of moments.entries()) {
        const waitMs = random.next() * (moment === 'start' ? 600 : 100);
        expect(await trainAndKill(path, kills > 0, moment, waitMs), moment).toBe(true);
        // A log of which nothing is written yet may be that of a trainer to come.
        if (readEvents(path).length > 0) expect((await summarizeRun(path)).state).toBe('interrupted');
        if (checkpointSteps(runFolderAt(path).checkpoints).length > 0) expectUsable(path);
        else expect(readEvents(path).filter(({ type }) => type === 'checkpoint')).toEqual([]);
      }
      const { status, text } = runCli('resume', path);
      expect(status, text).toBe(0);
      expect(text).toMatch(/the run goes on after step \d+/);
      expectSameRun(path, whole);
      // Nothing half-written is left behind.
      const kept = readdirSync(runFolderAt(path).checkpoints).map((name) => Number(name.slice(5)));
      expect(kept.every((step) => step > 0)).toBe(true);
      expect(expectUsable(path)).toBe(STEPS);
      rmSync(path, { recursive: true });
    },
    300_000,
  );
});

describe('fine-tune resume', () => {
  it('refuses what is over, and says which runs there are', () => {
    const path = create({ ...settingsFor(folder.path, 'lora'), max_steps: 1 }, 'short');
    expect(train(path)).toBe(0);
    const again = runCli('resume', path);
    expect(again.status).toBe(2);
    expect(again.text).toMatch(/is completed[^]*start a new run/);
    const json = runCli('resume', path, '--json');
    expect(JSON.parse(json.text)).toMatchObject({ type: 'failed', code: 'run-completed', exitCode: 2 });
    const wrong = runCli('resume', path, '--force', 'everything');
    expect(wrong.status).toBe(2);
    expect(wrong.text).toContain('data-changed');
    expect(readdirSync(join(path, 'checkpoints'))).toEqual(['step-000001']);
  }, 300_000);
});
