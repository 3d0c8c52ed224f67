// The corpus of the base model: node scripts/run.mjs scripts/sample/corpus.ts FOLDER [DIALOGUES]
import process from 'node:process';
import { writeCorpus } from './dialogues';

const [folder, dialogues = '19200'] = process.argv.slice(2);
if (folder === undefined || !(Number(dialogues) > 0)) throw new Error('usage: corpus.ts FOLDER [DIALOGUES]');
await writeCorpus(folder, Number(dialogues));
