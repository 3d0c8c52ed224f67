// The dataset of the sample: node scripts/run.mjs scripts/sample/tickets.ts [FOLDER]
import process from 'node:process';
import { writeTickets } from './dataset';

await writeTickets(process.argv[2] ?? 'media/sample');
