/** Bad input ends with the right exit code, one clear message with place and remedy, and no stack trace. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(__dirname, '..', '..');
const cli = join(root, 'dist', 'cli.js');
const base = join(root, 'media', 'sample', 'base');
const data = join(root, 'media', 'sample', 'validation.jsonl');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bad-input-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly text: string;
}

function train(...flags: string[]): Promise<Ended> {
  return new Promise((done) => {
    const child = execFile(process.execPath, [cli, 'train', ...flags], { cwd: folder }, (_, out, err) =>
      done({ code: child.exitCode ?? -1, text: out + err }),
    );
  });
}

/** A copy of the sample model that may be damaged. */
function copyOfBase(name: string): string {
  const copy = join(folder, name);
  cpSync(base, copy, { recursive: true });
  return copy;
}
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function expectClear({ code, text }: Ended, exitCode: number, ...parts: (string | RegExp)[]): void {
  for (const part of parts) expect(text).toMatch(part);
  expect(text).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(code, text).toBe(exitCode);
}

describe('data', () => {
  it('a missing file', async () => {
    expectClear(await train('--model', base, '--data', 'nowhere.jsonl'), 2, /nowhere\.jsonl/, /train_file|path/i);
  });
  it('an empty file', async () => {
    expectClear(await train('--model', base, '--data', file('empty.jsonl', '')), 2, /empty\.jsonl/, /no record|empty/i);
  });
  it('a file of another encoding', async () => {
    const utf16 = Buffer.from(`\uFEFF${readFileSync(data, 'utf8')}`, 'utf16le');
    expectClear(
      await train('--model', base, '--data', file('utf16.jsonl', utf16)),
      2,
      /utf16\.jsonl:1:1/,
      /UTF-16/,
      /UTF-8/,
    );
  });
  it('a record that is no JSON, with its place', async () => {
    const lines = readFileSync(data, 'utf8').split('\n');
    lines[2] = lines[2]!.slice(0, -20);
    expectClear(
      await train('--model', base, '--data', file('cut.jsonl', lines.join('\n'))),
      2,
      /cut\.jsonl:3:\d+/,
      /json-syntax/,
    );
  });
  it('a maximum length of 0', async () => {
    expectClear(await train('--model', base, '--data', data, '--max-length', '0'), 2, /max_length must be at least 1/);
  });
  it('a maximum length that leaves nothing to train', async () => {
    expectClear(
      await train('--model', base, '--data', data, '--max-length', '8'),
      2,
      /no-trained-tokens/,
      /maximum length of 8/,
      /Raise max_length/,
    );
  });
  it('everything that stands against a run at once, unless it is forced', async () => {
    const flags = ['--model', base, '--data', data, '--validation', data, '--learning-rate', '0.5', '--max-steps', '1'];
    expectClear(
      await train(...flags),
      2,
      /2 things stand/,
      /learning_rate 0\.5 is 50 times/,
      /100 of 100 records/,
      /--force learning-rate/,
    );
    const output = join(folder, 'forced');
    const forced = ['--force', 'learning-rate', '--force', 'validation-in-training', '--output-dir', output];
    expectClear(await train(...flags, ...forced), 0, /warning: learning_rate 0\.5/, /starts all the same/);
    const [run] = readdirSync(output).filter((name) => !name.startsWith('.'));
    const { forced: recorded } = JSON.parse(readFileSync(join(output, run!, 'run.json'), 'utf8')) as {
      forced: readonly { readonly code: string }[];
    };
    expect(recorded.map(({ code }) => code)).toEqual(['learning-rate', 'validation-in-training']);
  });
});

describe('models', () => {
  it('a missing folder', async () => {
    expectClear(await train('--model', 'nowhere', '--data', data), 2, /nowhere/);
  });
  it('a truncated safetensors file', async () => {
    const model = copyOfBase('truncated');
    truncateSync(join(model, 'model.safetensors'), 100_000);
    expectClear(await train('--model', model, '--data', data), 2, /model\.safetensors is cut off/, /100000/, /again/);
  });
  it('a truncated GGUF file', async () => {
    const whole = readFileSync(join(root, 'test', 'training', 'weights', 'oracles', 'llama.gguf'));
    const model = file('truncated.gguf', whole.subarray(0, whole.length >> 1));
    expectClear(await train('--model', model, '--data', data), 2, /truncated\.gguf/, /cut off/);
  });
  it('an unknown architecture', async () => {
    const model = copyOfBase('mamba');
    const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as object;
    writeFileSync(join(model, 'config.json'), JSON.stringify({ ...config, model_type: 'mamba' }));
    expectClear(await train('--model', model, '--data', data), 2, /"mamba"/, /llama, mistral, qwen2/);
  });
  it('a target module that does not exist', async () => {
    const ended = await train('--model', base, '--data', data, '--target-modules', 'q_proj,query');
    expectClear(ended, 2, /"query"/, /q_proj, k_proj, v_proj/);
  });
  it('a device that is not there', async () => {
    expectClear(
      await train('--model', base, '--data', data, '--device', 'cuda'),
      2,
      /"cuda" is not available/,
      /doctor/,
    );
  });
});

describe('disk', () => {
  const mounted = mountable();
  it.skipIf(!mounted)(
    `no free space for checkpoints${mounted ? '' : ' (skipped: a small disk cannot be mounted here)'}`,
    async () => {
      const disk = join(folder, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96k', 'tmpfs', disk]);
      try {
        const flags = [
          '--max-steps',
          '4',
          '--save-steps',
          '2',
          '--batch-size',
          '2',
          '--gradient-accumulation-steps',
          '1',
        ];
        const ended = await train(
          '--model',
          base,
          '--data',
          data,
          '--output-dir',
          disk,
          '--target-modules',
          'all-linear',
          ...flags,
        );
        expectClear(ended, 1, /disk is full|no space/i, /Free some space/);
        const [run] = readdirSync(disk).filter((name) => !name.startsWith('.'));
        const checkpoints = join(disk, run!, 'checkpoints');
        // Nothing half-written is left behind.
        for (const name of existsSync(checkpoints) ? readdirSync(checkpoints) : [])
          expect(existsSync(join(checkpoints, name, 'COMPLETE'))).toBe(true);
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );
});

function mountable(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=96k', 'tmpfs', probe]).status === 0;
  if (mounted) spawnSync('umount', [probe]);
  rmSync(probe, { recursive: true, force: true });
  return mounted;
}
