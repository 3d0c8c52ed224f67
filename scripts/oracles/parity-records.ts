// Writes the records of the parity tests as `transformers` reads them, one JSON object a line:
// node scripts/run.mjs scripts/oracles/parity-records.ts ../shared/data > /tmp/records.jsonl
import process from 'node:process';
import { parityRecords } from '../../test/dataset/parity/records';
import { templateMessages } from '../../src/dataset/templates/messages';

const [folder = '../shared/data'] = process.argv.slice(2);
for (const { messages, tools } of parityRecords(folder)) {
  const written = templateMessages(messages, { developer: true, function: true });
  process.stdout.write(`${JSON.stringify({ messages: written, ...(tools && { tools }) })}\n`);
}
