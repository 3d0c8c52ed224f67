/** A real trainer that is paused from a terminal, goes on, and is told to stop while it waits. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvents, summarizeRun } from '../../src/training/run-folder';
import { temporaryFolder } from './fake-run';
import { cli, create, expectSameRun, runCli, settingsFor, startTrainer, train, untilEvent } from './trainer-process';

const folder = temporaryFolder();
afterAll(() => folder.remove());
const execute = promisify(execFile);
const settings = settingsFor(folder.path, 'lora');

describe('a paused run', () => {
  let whole: string;
  beforeAll(() => {
    whole = create(settings, 'whole');
    expect(train(whole)).toBe(0);
  }, 300_000);

  it('waits, goes on in the same process, and ends as if it had not been paused', async () => {
    const path = create(settings, 'paused');
    const child = startTrainer(path, false);
    const ended = new Promise<number | null>((done) => child.once('exit', done));
    await untilEvent(path, child, 'metrics', 0);
    const paused = runCli('pause', path);
    expect(paused.text).toMatch(/paused is paused after step (\d+)\. "fine-tune continue /);
    expect(paused.status).toBe(0);
    const { lastStep, state } = await summarizeRun(path);
    expect(state).toBe('paused');
    // It is saved, and nothing is done.
    expect(readEvents(path).slice(-2)).toMatchObject([
      { type: 'checkpoint', step: lastStep },
      { type: 'paused', step: lastStep },
    ]);
    await new Promise((done) => setTimeout(done, 1500));
    expect(readEvents(path).at(-1)?.type).toBe('paused');
    expect(runCli('pause', path)).toMatchObject({
      status: 0,
      text: expect.stringContaining('paused already') as string,
    });
    const resumed = runCli('resume', path);
    expect([resumed.status, resumed.text]).toEqual([2, expect.stringMatching(/is paused.*\n.*fine-tune continue/)]);
    expect(runCli('continue', path)).toMatchObject({ status: 0, text: expect.stringContaining('goes on') as string });
    expect(await ended).toBe(0);
    expectSameRun(path, whole);
    const final = readEvents(path).at(-1);
    const begin = readEvents(path)[0]!;
    const total = (Date.parse(final!.time) - Date.parse(begin.time)) / 1000;
    expect(final).toMatchObject({ type: 'completed' });
    // 1.5 s of the pause at least.
    expect(final?.type === 'completed' && final.seconds).toBeLessThan(total - 1.4);
    const trained = readEvents(path).find(
      (event) => event.type === 'phase' && event.phase === 'train' && event.state === 'end',
    );
    expect(trained?.type === 'phase' && trained.seconds).toBeLessThan(total - 1.4);
    expect(runCli('continue', path)).toMatchObject({ status: 2 });
  }, 300_000);

  it('is asked for before its trainer listens', async () => {
    const path = create(settings, 'early');
    const asking = execute(process.execPath, [cli, 'pause', path]);
    await new Promise((done) => setTimeout(done, 1500));
    const child = startTrainer(path, false);
    expect((await asking).stdout).toMatch(/early is paused after step \d\./);
    child.kill('SIGKILL');
  }, 60_000);

  it('can be stopped while it waits, and resumed then', async () => {
    const path = create(settings, 'stopped');
    const child = startTrainer(path, false);
    const ended = new Promise<number | null>((done) => child.once('exit', done));
    await untilEvent(path, child, 'metrics', 0);
    runCli('pause', path);
    expect(runCli('stop', path).text).toMatch(/stopped is stopped after step/);
    expect(await ended).toBe(0);
    expect(readEvents(path).some(({ type }) => type === 'continued')).toBe(false);
    expect(runCli('pause', path)).toMatchObject({ status: 2 });
    expect(train(path, true)).toBe(0);
    expectSameRun(path, whole);
  }, 300_000);
});
