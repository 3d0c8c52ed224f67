// Trains the tokenizer: node scripts/run.mjs scripts/sample/train-tokenizer.ts CORPUS.jsonl FOLDER
import process from 'node:process';
import { trainTokenizer } from './tokenizer';

const [corpus, folder] = process.argv.slice(2);
if (corpus === undefined || folder === undefined) throw new Error('usage: train-tokenizer.ts CORPUS.jsonl FOLDER');
await trainTokenizer(corpus, folder);
