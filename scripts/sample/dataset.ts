import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createRandom, type Random } from '../../src/common/random';
import type { Split } from './names';
import { randomFacts, writeRecord, writeTicket } from './ticket';

/**
 * Writes train.jsonl, validation.jsonl and test.jsonl of the sample task into `folder`.
 * Names, products and order numbers of validation and test never occur in train.
 */
export async function writeTickets(folder: string, seed = 1): Promise<void> {
  await mkdir(folder, { recursive: true });
  const seen = new Set<string>();
  const parts: readonly [string, number, Split][] = [
    ['train', 800, 'training'],
    ['validation', 100, 'evaluation'],
    ['test', 100, 'evaluation'],
  ];
  for (const [index, [name, count, split]] of parts.entries()) {
    const records = ticketRecords(createRandom(seed, index), count, split, seen);
    const lines = records.map((record) => `${JSON.stringify(record)}\n`);
    await writeFile(path.join(folder, `${name}.jsonl`), lines.join(''));
  }
}

export const SYSTEM = 'Turn the support ticket into a record.';

export interface ChatRecord {
  readonly messages: readonly { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }[];
}

/** `seen` collects customers, products and order numbers so that none of them is used twice. */
export function ticketRecords(random: Random, count: number, split: Split, seen: Set<string>): ChatRecord[] {
  const records: ChatRecord[] = [];
  while (records.length < count) {
    const facts = randomFacts(random, split);
    const keys = [facts.customer.full, facts.product, facts.number];
    if (keys.some((key) => seen.has(key))) continue;
    const ticket = writeTicket(random, facts);
    const length = ticket.split(' ').length;
    if (length < 25 || length > 70) continue;
    for (const key of keys) seen.add(key);
    records.push({
      messages: [
        { role: 'system', content: SYSTEM },
        { role: 'user', content: ticket },
        { role: 'assistant', content: writeRecord(facts) },
      ],
    });
  }
  return records;
}
