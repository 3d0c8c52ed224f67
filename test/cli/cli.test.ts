import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FORCEABLE } from '../../src/training/preflight/codes';
import { SETTING_KEYS } from '../../src/training/settings';
import { parseEvent } from '../../src/training/protocol';
import { readEvents, summarizeRun } from '../../src/training/run-folder';
import { main } from '../../src/cli/main';
import type { Terminal } from '../../src/cli/terminal';
import { buildFakeTrainer, plan, temporaryFolder, until } from '../training/fake-run';
import type { FakePlan } from '../training/fake-trainer';

let folder: ReturnType<typeof temporaryFolder>;
let cli: string;
let cwd: string;
let count = 0;
beforeAll(() => {
  folder = temporaryFolder();
  buildFakeTrainer(folder.path);
  cli = join(folder.path, 'cli.js');
  buildSync({
    entryPoints: [join(import.meta.dirname, '..', '..', 'src', 'cli.ts')],
    outfile: cli,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['onnxruntime-node'],
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
});
beforeEach(() => {
  cwd = join(folder.path, `work-${++count}`);
  mkdirSync(join(cwd, 'model'), { recursive: true });
  writeFileSync(join(cwd, 'tickets.jsonl'), '{"text":"a"}\n');
});
afterAll(() => folder.remove());

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Result>;
  err(): string;
}
const start = (args: readonly string[], fake: FakePlan = {}, where = cwd): Started => {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: where,
    env: { ...process.env, FAKE_TRAINER: JSON.stringify(fake), LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return { child, err: () => err, ended: new Promise((done) => child.on('close', (code) => done({ code, out, err }))) };
};
/** The same in this process, which is quicker; signals and standard streams need a process of their own. */
const run = async (args: readonly string[], fake: FakePlan = {}, where = cwd): Promise<Result> => {
  let [out, err] = ['', ''];
  plan(fake);
  const terminal: Terminal = {
    out: (text) => void (out += `${text}\n`),
    err: (text) => void (err += text),
    live: false,
    color: false,
    colorOut: false,
    unicode: true,
    columns: () => 100,
    cwd: where,
  };
  const code = await main(args, terminal, {
    trainerPath: join(folder.path, 'trainer.js'),
    checkWorkerPath: join(folder.path, 'check-worker.js'),
    samplePath: join(folder.path, 'sample'),
  });
  return { code, out, err };
};
const TRAIN = ['train', '--model', 'model', '--data', 'tickets.jsonl'];
const runsIn = (output = join(cwd, '.finetune', 'runs')): string[] =>
  existsSync(output)
    ? readdirSync(output)
        .filter((name) => !name.startsWith('.'))
        .map((name) => join(output, name))
    : [];

describe('help', () => {
  it('lists commands, and every setting of train with its default', async () => {
    const [general, train] = await Promise.all([run(['--help']), run(['help', 'train'])]);
    expect(general.code).toBe(0);
    for (const name of ['check', 'train', 'stop', 'runs', 'show', 'doctor'])
      expect(general.out).toContain(`\n  ${name}`);
    for (const key of SETTING_KEYS) expect(train.out).toContain(`  --${key.replaceAll('_', '-')}`);
    expect(train.out).toMatch(/--force A,B,… … +Findings of the preflight/);
    for (const code of FORCEABLE) expect(train.out).toContain(`\n  ${code} `);
    expect(train.out).toMatch(/--epochs X +Times the training data is seen. Default: 3; above 0 to 10000\./);
    expect(Math.max(...train.out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
  it('suggests what was meant', async () => {
    const [none, command, flag, operand] = await Promise.all([
      run([]),
      run(['trian']),
      run([...TRAIN, '--lerning-rate', '1']),
      run(['show']),
    ]);
    expect([none.code, command.code, flag.code, operand.code]).toEqual([2, 2, 2, 2]);
    expect(command.err).toContain('Did you mean "fine-tune train"?');
    expect(flag.err).toContain('has no flag --lerning-rate. Did you mean --learning-rate?');
    expect(operand.err).toContain('"fine-tune show" needs RUN.');
    expect(none.err).toContain('Usage: fine-tune');
  });
});

describe('check', () => {
  it('reports findings as text and as JSON, with code 1 for errors', async () => {
    const file = join(cwd, 'bad.jsonl');
    writeFileSync(file, '{"instruction":"Say what you see.","output":"A cat on a mat."}\n{"instruction":"x"\n');
    const [good, text, json] = await Promise.all([
      run(['check', 'tickets.jsonl']),
      run(['check', 'bad.jsonl']),
      run([
        'check',
        'bad.jsonl',
        '--format',
        'json',
        '--rule',
        'instruction-too-short=off',
        '--rule',
        'too-few-examples=off',
      ]),
    ]);
    expect(good.code).toBe(0);
    expect(text.code).toBe(1);
    expect(text.out).toMatch(/bad\.jsonl:2:\d+ {2}error {2}.*json-syntax/);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out).files[0].problems[0]).toMatchObject({
      rule: 'json-syntax',
      severity: 'error',
      line: 2,
    });
  });
  it.each([
    [['check'], 'needs FILE…'],
    [['check', 'nowhere.jsonl'], 'nowhere.jsonl does not exist'],
    [['check', 'tickets.jsonl', '--format', 'xml'], '--format xml is not known.'],
    [['check', 'tickets.jsonl', '--rule', 'json-sintax=off'], 'json-syntax'],
    [['check', 'tickets.jsonl', '--format', 'jsno'], 'Did you mean --format json?'],
    [['check', 'tickets.jsonl', '--as', 'sharegtp'], 'Did you mean --as sharegpt?'],
    [['check', 'tickets.jsonl', '--target', 'azure'], '--target azure is not known.'],
    [['check', 'tickets.jsonl', '--threads', '0'], 'Write a whole number from 1 to 64.'],
    [['check', 'tickets.jsonl', '--no-tokens', '--model', 'model'], 'which --no-tokens forbids'],
    [['check', 'tickets.jsonl', '--max-length', '0'], 'max_length must be at least 1'],
    [['check', 'tickets.jsonl', '--no-tokens', '--template', 'alpaca'], 'which --no-tokens forbids'],
    [['check', 'tickets.jsonl', '--template', 'alpacca'], 'template must be one of auto, model, chatml, alpaca'],
    [['check', 'tickets.jsonl', '--template', 'model'], 'Name it with --model PATH.'],
    [['check', 'tickets.jsonl', '--validation', 'nowhere.jsonl'], 'nowhere.jsonl does not exist'],
  ])('ends with code 2: %j', async (args, message) => {
    const { code, err, out } = await run(args);
    expect(err.replaceAll(/\s+/g, ' ')).toContain(message);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });
});

describe('check --template', () => {
  it('counts the tokens of the template that is named', async () => {
    writeFileSync(join(cwd, 'asked.jsonl'), '{"instruction":"What is the time?","output":"Noon."}\n');
    const sum = async (...template: string[]): Promise<number> => {
      const { out } = await run(['check', 'asked.jsonl', '--format', 'json', ...template]);
      return (JSON.parse(out) as { files: { summary: { totalTokens: number } }[] }).files[0]!.summary.totalTokens;
    };
    expect(await sum('--template', 'chatml')).toBe(await sum());
    expect(await sum('--template', 'alpaca')).not.toBe(await sum());
  });
});

describe('convert', () => {
  it('leaves nothing behind when it is interrupted', async () => {
    const record = `${JSON.stringify({
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'x'.repeat(500) },
      ],
    })}\n`;
    writeFileSync(join(cwd, 'chat.jsonl'), record.repeat(60_000));
    const { child, ended } = start(['convert', 'chat.jsonl', '--to', 'sharegpt', '-o', 'out.jsonl']);
    await until(() => readdirSync(cwd).some((name) => name.endsWith('.tmp')), 'a temporary file');
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(readdirSync(cwd).filter((name) => name.startsWith('out'))).toEqual([]);
  });
});

describe('unusable settings end with code 2 before a run folder is made', () => {
  it.each([
    ['no data', ['train', '--model', 'model'], 'Needed: training data (--data FILE).'],
    ['a missing file', ['train', '--model', 'model', '--data', 'nowhere.jsonl'], 'nowhere.jsonl does not exist'],
    ['a wrong number', [...TRAIN, '--max-length', '0'], 'max_length must be at least 1 and at most 1048576, not 0.'],
    ['a word for a number', [...TRAIN, '--epochs=many'], 'epochs must be a number, not "many".'],
    ['a wrong key', [...TRAIN, '--set', 'epoch=3'], 'Unknown setting "epoch". Did you mean "epochs"?'],
    ['an unknown finding', [...TRAIN, '--force', 'doubled-bos', '--force', 'warmup'], 'not "warmup".'],
    ['half a pair', [...TRAIN, '--set', 'epochs'], '--set epochs is not KEY=VALUE.'],
    ['a flag without its value', [...TRAIN, '--epochs'], '--epochs needs a value'],
    ['an output folder below a file', [...TRAIN, '--output-dir', 'tickets.jsonl/runs'], 'a part of the path is a file'],
    ['a missing config', ['train', '--config', 'x.json'], 'x.json does not exist.'],
  ])('%s', async (_, args, message) => {
    const { code, err, out } = await run(args);
    expect(err.replaceAll(/\s+/g, ' ')).toContain(message);
    expect(err).not.toMatch(/\n +at /);
    expect({ code, out, runs: runsIn() }).toEqual({ code: 2, out: '', runs: [] });
  });

  it('names line and column of a mistake in finetune.json', async () => {
    writeFileSync(join(cwd, 'finetune.json'), '{\n  "model": "model",\n  "epochs": 3,\n}\n');
    const { code, err } = await run(['train']);
    expect(code).toBe(2);
    expect(err).toContain('finetune.json:3:14: The last comma must go.');
  });

  it('as an event with --json', async () => {
    const { code, out, err } = await run([...TRAIN, '--json', '--epochs', '0']);
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(parseEvent(out.trim())).toMatchObject({ type: 'failed', code: 'settings', exitCode: 2 });
  });
});

describe('train', () => {
  it('shows settings, steps, chart and results, without colours outside of a terminal', async () => {
    const { code, out, err } = await run([...TRAIN, '--set', 'r=16', '--logging-steps', '2'], { steps: 6 });
    expect(code).toBe(0);
    const [path] = runsIn();
    expect(err).toContain(`Run folder: ${path}`);
    expect(err).toMatch(/\* r +16 {2}\(default 8\)/);
    expect(err).toContain('Loading the base model: 0.4 s');
    expect(err.match(/^step \d\/6/gm)).toEqual(['step 1/6', 'step 2/6', 'step 4/6', 'step 6/6']);
    expect(err).toContain('validation loss 1.250  perplexity 3.49');
    expect(out).toContain('◆ best: 1.250 at step 6');
    expect(out).toContain(`Adapter:  ${join(path!, 'adapter')}`);
    expect(out + err).not.toContain('\u001b');
    expect(readFileSync(join(path!, 'loss.svg'), 'utf8')).toContain('Loss of tickets');
  });

  it('prints nothing but the events with --json', async () => {
    const { code, out, err } = await start([...TRAIN, '--json'], { steps: 3 }).ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const events = out.trim().split('\n').map(parseEvent);
    expect(events).toEqual(readEvents(runsIn()[0]!));
    expect(events.at(-1)?.type).toBe('completed');
  });

  it('reads finetune.json: its paths count from its folder, those of flags from here; flags win', async () => {
    const config = {
      $schema: 'x',
      model: 'model',
      train_file: 'tickets.jsonl',
      epochs: 5,
      name: 'From File',
      packing: true,
    };
    writeFileSync(join(cwd, 'finetune.json'), JSON.stringify(config));
    const elsewhere = join(cwd, 'sub');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'val.jsonl'), '');
    const args = [
      'train',
      '--config',
      '../finetune.json',
      '--validation',
      'val.jsonl',
      '--epochs',
      '2',
      '--no-packing',
    ];
    expect((await run(args, { steps: 2 }, elsewhere)).code).toBe(0);
    const [path] = runsIn();
    expect(path).toMatch(/-from-file$/);
    expect(JSON.parse(readFileSync(join(path!, 'run.json'), 'utf8')).requested).toEqual({
      model: join(cwd, 'model'),
      train_file: join(cwd, 'tickets.jsonl'),
      validation_file: join(elsewhere, 'val.jsonl'),
      epochs: 2,
      name: 'From File',
      packing: false,
      output_dir: join(cwd, '.finetune', 'runs'),
    });
    expect((await run(['train'], { steps: 2 })).code).toBe(0);
    expect(runsIn()).toHaveLength(2);
  });

  it('adds up lists that are given several times', async () => {
    const args = [...TRAIN, '--force', 'warm-up', '--force', 'doubled-bos', '--target-modules', 'q_proj,v_proj'];
    expect((await run(args, { steps: 2 })).code).toBe(0);
    const { requested } = JSON.parse(readFileSync(join(runsIn()[0]!, 'run.json'), 'utf8')) as { requested: object };
    expect(requested).toMatchObject({ force: ['warm-up', 'doubled-bos'], target_modules: ['q_proj', 'v_proj'] });
  });

  it('reports a failed run with its remedy and code 1', async () => {
    const { code, err } = await run(TRAIN, { steps: 5, at: 2, then: 'failed' });
    expect(code).toBe(1);
    expect(err).toContain('error: The loss is NaN.\n  Lower it.');
  });

  it('explains a killed trainer', async () => {
    const { code, err } = await run(TRAIN, { steps: 5, at: 2, then: 'SIGKILL' });
    expect(code).toBe(1);
    expect(err).toContain('The trainer was killed after step 2. Most likely the system ran out of memory.');
    expect(err.replaceAll(/\s+/g, ' ')).toContain(`Its last words are in ${join(runsIn()[0]!, 'trainer.log')}`);
    expect(err).not.toMatch(/\n +at /);
  });

  it('explains a trainer that ended without a word', async () => {
    const { code, err } = await run(TRAIN, { steps: 5, at: 2, then: 'exit-without-event' });
    expect(code).toBe(1);
    expect(err).toContain('ended with code 0 after step 2 without saying why');
  });

  it('stops on the first Ctrl-C with code 130', async () => {
    const started = start(TRAIN, { steps: 10_000 });
    await until(() => started.err().includes('step    10/'), 'ten steps');
    started.child.kill('SIGINT');
    const { code, out, err } = await started.ended;
    expect(code).toBe(130);
    expect(err).toContain('Press Ctrl-C again to end at once.');
    expect(out).toContain('The checkpoint is kept:');
    expect((await summarizeRun(runsIn()[0]!)).state).toBe('stopped');
  });

  it('ends at once on the second', async () => {
    const started = start(TRAIN, { steps: 10_000, at: 1, then: 'hang' });
    await until(() => started.err().includes('step     1/'), 'a step');
    started.child.kill('SIGINT');
    await until(() => started.err().includes('Ctrl-C again'), 'the answer');
    started.child.kill('SIGINT');
    const { code, err } = await started.ended;
    expect(code).toBe(130);
    expect(err).toContain('Ended at once. Nothing was saved.');
    expect((await summarizeRun(runsIn()[0]!)).state).toBe('interrupted');
  });
});

describe('runs, show and stop', () => {
  it('find a run by name, folder or "last", and stop it from another terminal', async () => {
    const started = start([...TRAIN, '--name', 'Bot'], { steps: 10_000 });
    await until(() => started.err().includes('step    10/'), 'ten steps');
    const list = await run(['runs', '--json']);
    expect(JSON.parse(list.out)).toMatchObject([{ name: 'Bot', state: 'running', totalSteps: 10_000 }]);
    const stop = await run(['stop', 'Bot']);
    expect(stop.code).toBe(0);
    expect(stop.out).toMatch(/^Bot is stopped after step \d+\./);
    expect((await started.ended).code).toBe(130);

    const [path] = runsIn();
    const [table, shown, again, unknown] = await Promise.all([
      run(['runs']),
      run(['show', path!]),
      run(['stop', 'last']),
      run(['show', 'Bott']),
    ]);
    expect(table.out).toMatch(/stopped +\d+\/10000/);
    expect(shown.out).toContain('Bot: stopped');
    expect(shown.out).toContain('train loss (smoothed)');
    expect([again.code, again.out]).toEqual([0, 'Bot is not running: it is stopped.\n']);
    expect(unknown.code).toBe(2);
    expect(unknown.err).toContain('Did you mean Bot?');
  });

  it('say so when there are none', async () => {
    expect((await run(['runs'])).out).toContain('No runs in');
  });
});
