// Makes the sample: node scripts/run.mjs scripts/sample/make-base.ts [WORK-FOLDER] [--steps N]
// Dataset, corpus, tokenizer and first weights; then the product's own trainer trains them (`npm run build` first),
// and the result is stored as float16 in media/sample/base.
import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { openBaseModel } from '../../src/training/weights/base-model';
import { saveHuggingFaceModel } from '../../src/training/weights/save-model';
import { writeTickets } from './dataset';
import { writeCorpus } from './dialogues';
import { writeFirstModel } from './first-model';
import { PRETRAINING } from './recipe';
import { trainTokenizer } from './tokenizer';

const SAMPLE = path.join('media', 'sample');
const LARGEST = 4 * 1024 * 1024;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { steps: { type: 'string' } } });
const work = positionals[0] ?? (await mkdtemp(path.join(os.tmpdir(), 'sample-base-')));
const steps = Number(values.steps ?? PRETRAINING.max_steps);
const first = path.join(work, 'first');
const corpus = path.join(work, 'corpus.jsonl');

await writeTickets(SAMPLE);
await writeCorpus(work, PRETRAINING.max_steps * PRETRAINING.batch_size);
await trainTokenizer(corpus, first);
writeFirstModel(first);
const trained = await train();
const base = path.join(SAMPLE, 'base');
await rm(base, { recursive: true, force: true });
const model = openBaseModel(trained);
await saveHuggingFaceModel(base, model, (name) => model.readTensor(name), { dtype: 'F16', files: model.filesToCopy });
await copyFile(path.join(first, 'generation_config.json'), path.join(base, 'generation_config.json'));
const bytes = await folderSize(base);
console.log(`${base}: ${bytes} bytes; corpus, checkpoints and probes are in ${work}`);
if (bytes > LARGEST) throw new Error(`${base} is larger than ${LARGEST} bytes.`);

/** Runs the trainer in the foreground; answers the folder of the trained model. */
async function train(): Promise<string> {
  const settings = Object.entries({
    ...PRETRAINING,
    model: first,
    train_file: corpus,
    max_steps: steps,
    output_dir: path.join(work, 'runs'),
  });
  const flags = settings.flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const child = spawn(process.execPath, [path.join('dist', 'cli.js'), 'train', '--json', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  let model: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as { type: string; step?: number; loss?: number; adapter?: string };
    if (event.type === 'metrics' && event.step! % 25 === 0) console.log(`step ${event.step} loss ${event.loss}`);
    else if (event.type === 'failed' || event.type === 'warning') console.error(line);
    if (event.type === 'completed') model = event.adapter;
  }
  const code = await exit;
  if (code !== 0 || model === undefined) throw new Error(`The trainer ended with code ${code}.`);
  return model;
}

async function folderSize(folder: string): Promise<number> {
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(path.join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
