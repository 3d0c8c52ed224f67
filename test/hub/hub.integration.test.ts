import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainerEvent } from '../../src/training/protocol';
import { type HubServer, serveHub, sha256 } from './hub-server';

// The command line against a hub of our own, with the sample's base model in it.
const root = resolve(import.meta.dirname, '..', '..');
const sample = join(root, 'media', 'sample');
const OLD = 'a'.repeat(40);
const BIG = randomBytes(4_000_000);

let server: HubServer;
let folder: string;

beforeAll(async () => {
  const base = join(sample, 'base');
  const files = Object.fromEntries(readdirSync(base).map((name) => [name, readFileSync(join(base, name))]));
  server = await serveHub({
    'acme/base': { commit: OLD, files, licence: 'mit' },
    'acme/big': {
      commit: OLD,
      files: {
        'config.json': files['config.json']!,
        'tokenizer.json': files['tokenizer.json']!,
        'model.safetensors': BIG,
      },
    },
  });
  folder = mkdtempSync(join(tmpdir(), 'fine-tune-hub-'));
  const records = readFileSync(join(sample, 'train.jsonl'), 'utf8').split('\n').slice(0, 24);
  writeFileSync(join(folder, 'train.jsonl'), `${records.join('\n')}\n`);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

const start = (...args: readonly string[]): Started =>
  startWith(process.execPath, [join(root, 'dist', 'cli.js'), ...args]);

function startWith(program: string, args: readonly string[]): Started {
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, HF_HOME: join(folder, 'home'), HF_ENDPOINT: server.hub.origin, HF_TOKEN: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return { child, ended: new Promise((done) => child.once('close', (code) => done({ code, out, err }))) };
}

const run = (...args: readonly string[]): Promise<Ended> => start(...args).ended;
const repository = (name: string, ...parts: string[]): string =>
  join(folder, 'home', 'hub', `models--acme--${name}`, ...parts);

describe('fine-tune download', () => {
  it('goes on where a killed process stopped, from one kill to the next', async () => {
    const blob = repository('big', 'blobs', sha256(BIG));
    const partial = `${blob}.fine-tune.incomplete`;
    const sizes: number[] = [];
    for (const kill of [1, 2]) {
      // Slow enough to be killed in the middle.
      server.cdn.interruptions.push((request, response) => {
        const from = Number(/\d+/.exec(request.headers.range ?? '0')![0]);
        response.writeHead(from === 0 ? 200 : 206, {
          'content-length': BIG.length - from,
          ...(from > 0 && { 'content-range': `bytes ${from}-${BIG.length - 1}/${BIG.length}` }),
        });
        response.write(BIG.subarray(from, from + 500_000));
        return true;
      });
      const { child, ended } = start('download', 'acme/big');
      await expect
        .poll(() => statSync(partial, { throwIfNoEntry: false })?.size, { timeout: 20_000 })
        .toBe(kill * 500_000);
      child.kill('SIGKILL');
      await ended;
      sizes.push(statSync(partial).size);
    }
    expect(sizes).toEqual([500_000, 1_000_000]);
    const { code, out } = await run('download', 'acme/big');
    expect(out).toContain('acme/big is in the cache: 4 MB');
    expect(code).toBe(0);
    expect(server.cdn.seen.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=500000-', 'bytes=1000000-']);
    expect(readFileSync(blob).equals(BIG)).toBe(true);
    expect(readdirSync(repository('big', 'blobs')).filter((name) => !/^[0-9a-f]+$/.test(name))).toEqual([]);
  });

  it('stops at Ctrl-C, says that it can go on, and ends with 130', async () => {
    rmSync(repository('big'), { recursive: true });
    server.cdn.interruptions.push((_request, response) => {
      response.writeHead(200, { 'content-length': BIG.length });
      response.write(BIG.subarray(0, 100_000));
      return true;
    });
    const { child, ended } = start('download', 'acme/big');
    const partial = repository('big', 'blobs', `${sha256(BIG)}.fine-tune.incomplete`);
    await expect.poll(() => statSync(partial, { throwIfNoEntry: false })?.size, { timeout: 20_000 }).toBe(100_000);
    child.kill('SIGINT');
    const { code, err } = await ended;
    expect(code).toBe(130);
    expect(err).toContain('the same command goes on');
    expect(statSync(partial).size).toBe(100_000);
  });

  it.skipIf(process.platform === 'win32')('keeps what the disk can take, and goes on when there is room', async () => {
    rmSync(repository('big'), { recursive: true });
    // A limit on the size of files makes a write fail in the middle, as a full disk does.
    const limited = ['-c', 'ulimit -f 1000; exec "$@"', 'bash', process.execPath, join(root, 'dist', 'cli.js')];
    const { code, err } = await startWith('bash', [...limited, 'download', 'acme/big']).ended;
    expect(err).toMatch(/cannot be written[^]*EFBIG/);
    expect(code).toBe(1);
    const { size } = statSync(repository('big', 'blobs', `${sha256(BIG)}.fine-tune.incomplete`));
    expect(size).toBe(1_024_000);
    await run('download', 'acme/big');
    expect(server.cdn.seen.at(-1)!.headers.range).toBe('bytes=1024000-');
    expect(readFileSync(repository('big', 'blobs', sha256(BIG))).equals(BIG)).toBe(true);
  });

  it('says what is wrong with an id', async () => {
    expect(await run('download', 'acme/none')).toMatchObject({
      code: 2,
      err: expect.stringContaining('There is no model acme/none') as string,
    });
  });
});

describe('fine-tune train with an id', () => {
  const train = ['train', '--model', 'acme/base', '--data', 'train.jsonl', '--max-steps', '3', '--json'];

  it('fetches nothing that nobody agreed to, and says how much it would be', async () => {
    const { code, out } = await run(...train);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      type: 'failed',
      code: 'model-not-downloaded',
      message: expect.stringMatching(/acme\/base is not on this machine; 2 MB would have to be fetched/) as string,
    });
  });

  it('fetches, trains, and goes on later with the same revision', async () => {
    const { code, out } = await run(
      ...train,
      '--download',
      '--batch-size',
      '2',
      '--gradient-accumulation-steps',
      '1',
      '--save-steps',
      '1',
    );
    expect(code).toBe(0);
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as TrainerEvent);
    const started = events.find((event) => event.type === 'started')!;
    const file = JSON.parse(readFileSync(join(started.run, 'run.json'), 'utf8')) as Record<string, unknown>;
    expect(file['settings']).toMatchObject({ model: `acme/base@${OLD}` });
    expect(file['model']).toMatchObject({ id: 'acme/base', revision: OLD, path: repository('base', 'snapshots', OLD) });
    expect(JSON.parse(readFileSync(join(started.run, 'adapter', 'adapter_config.json'), 'utf8'))).toMatchObject({
      base_model_name_or_path: 'acme/base',
      revision: OLD,
    });

    // The branch moves on, and what it names now is broken: the run must not care.
    const newer = 'c'.repeat(40);
    mkdirSync(repository('base', 'snapshots', newer));
    writeFileSync(repository('base', 'snapshots', newer, 'config.json'), '{}');
    writeFileSync(repository('base', 'refs', 'main'), newer);
    const log = join(started.run, 'events.jsonl');
    const kept = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => !line.includes('"type":"completed"'));
    writeFileSync(log, kept.join('\n'));
    const resumed = await run('resume', basename(started.run), '--checkpoint', '2', '--json');
    expect(resumed.out).toContain('"type":"completed"');
    expect(resumed.code).toBe(0);
  });

  it('lists what is there, and what of it can be trained', async () => {
    writeFileSync(repository('base', 'refs', 'main'), OLD);
    // As Python may have fetched it.
    const config = repository('big', 'snapshots', OLD, 'config.json');
    rmSync(config);
    writeFileSync(config, '{}');
    const { out } = await run('models', '--json');
    expect(JSON.parse(out)).toMatchObject([
      { model: 'acme/base', commit: OLD, family: 'llama', bytes: 1_870_071 },
      { model: 'acme/big', problem: expect.stringContaining('is not supported') as string },
    ]);
    const [head, base, big] = (await run('models')).out.split('\n');
    expect(head).toMatch(/^model +size +family$/);
    expect(base).toMatch(/^acme\/base +2 MB +llama$/);
    expect(big).toMatch(/^acme\/big +4 MB +- +the architecture .* is not supported\.$/);
  });
});
