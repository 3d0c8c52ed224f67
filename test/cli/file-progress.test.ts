import { expect, it } from 'vitest';
import { fileProgress, liveText } from '../../src/cli/file-progress';
import { parseProgress } from '../../src/cli/progress-line-protocol';
import type { Terminal } from '../../src/cli/terminal';

const half = { doneBytes: 50e6, totalBytes: 100e6, findings: 1204, phase: 'reading' as const };

function terminal(live: boolean): Terminal & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    out: () => undefined,
    err: (text) => void lines.push(text),
    live,
    color: false,
    colorOut: false,
    unicode: true,
    columns: () => 40,
    cwd: '/',
  };
}

it('says how far, how fast, how much was found and how long it takes', () => {
  expect(liveText('big.jsonl', half, 2)).toBe('big.jsonl  50 %  50 of 100 MB  25 MB/s  1,204 findings  2.0 s left');
  expect(liveText('big.jsonl', { ...half, findings: 1, phase: 'comparing' }, 2)).toBe(
    'big.jsonl  comparing the records  1 finding',
  );
});

it('shows a line on a terminal after a second, not too often, and removes it', () => {
  const screen = terminal(true);
  let now = 0;
  const view = fileProgress(screen, () => now, false);
  view.begin('big.jsonl');
  for (now = 0; now < 2000; now += 10) view.show(half);
  expect(screen.lines.length).toBeGreaterThan(5);
  expect(screen.lines.length).toBeLessThanOrEqual(11);
  for (const line of screen.lines) expect(line.replace(/^\r\u001b\[2K/, '').length).toBeLessThan(40);
  view.end();
  expect(screen.lines.at(-1)).toBe('\r\u001b[2K');
});

it('writes nothing into a file, and numbers for a program that asked for them', () => {
  const file = terminal(false);
  let now = 5000;
  const view = fileProgress(file, () => now, false);
  view.begin('big.jsonl');
  now = 9000;
  view.show(half);
  view.end();
  expect(file.lines).toEqual([]);
  const program = terminal(false);
  fileProgress(program, () => 0, true).show(half);
  expect(parseProgress(program.lines[0]!.trimEnd())).toEqual({ done: 50e6, total: 100e6 });
});
