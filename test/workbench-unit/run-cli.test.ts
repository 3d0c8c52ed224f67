import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { progressLine, PROGRESS_VARIABLE } from '../../src/cli/progress-line-protocol';
import { runCli, type CliOptions } from '../../src/workbench/run-cli';

/** Stands for the command line: does what its arguments say. */
const SCRIPT = `
const [what, ...rest] = process.argv.slice(2);
if (what === 'progress') process.stderr.write(${JSON.stringify(progressLine(1, 4) + 'a note\n' + progressLine(4, 4))});
if (what === 'environment') process.stdout.write(JSON.stringify([process.env.${PROGRESS_VARIABLE}, process.env.ELECTRON_RUN_AS_NODE]));
if (what === 'fail') { process.stderr.write('error: ' + rest[0] + '\\n'); process.exitCode = Number(rest[1]); }
if (what === 'wait') setInterval(() => undefined, 1000);
process.stdout.write('ü');
`;

describe('work on files in a process of its own', () => {
  let folder: string;
  let cliPath: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'run-cli-'));
    cliPath = join(folder, 'cli.js');
    writeFileSync(cliPath, SCRIPT);
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = (args: readonly string[], more: Partial<CliOptions> = {}): ReturnType<typeof runCli> =>
    runCli({ cliPath, args, cwd: folder, ...more });

  it('tells how far it is, and keeps that out of the notes', async () => {
    const seen: (readonly number[])[] = [];
    const result = await run(['progress'], { onProgress: (done, total) => seen.push([done, total]) });
    expect(seen).toEqual([
      [1, 4],
      [4, 4],
    ]);
    expect(result).toEqual({ code: 0, out: 'ü', err: 'a note\n' });
  });

  it('runs as Node also where the executable is Electron, and asks for progress', async () => {
    expect((await run(['environment'])).out).toBe('["1","1"]ü');
  });

  it('throws the words of the command when it could not begin, and hands over a result with findings', async () => {
    await expect(run(['fail', 'There is no such file.', '2'])).rejects.toThrow('There is no such file.');
    expect(await run(['fail', 'Some records are wrong.', '1'])).toMatchObject({
      code: 1,
      err: 'error: Some records are wrong.\n',
    });
  });

  it('ends the process when it is cancelled, before and after its start', async () => {
    const abort = new AbortController();
    const waiting = run(['wait'], { signal: abort.signal });
    setTimeout(() => abort.abort(), 50);
    await expect(waiting).rejects.toThrow('Cancelled');
    await expect(run(['wait'], { signal: AbortSignal.abort() })).rejects.toThrow('Cancelled');
  });
});
