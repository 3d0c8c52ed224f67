import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random';
import { ticketRecords, type ChatRecord } from '../../../scripts/sample/dataset';
import { dialogue, probes } from '../../../scripts/sample/dialogues';

const RECORD =
  /^category: (delivery|payment|return|account|repair|order)\npriority: (high|normal|low)\nproduct: (.+)\nsummary: (\S+) (\S+) \(order (\d{5})\) says that (.+)\.$/;

const stored = (name: string): ChatRecord[] =>
  readFileSync(path.join('media', 'sample', `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ChatRecord);

function parts(record: ChatRecord): { ticket: string; fields: string[]; made: string[] } {
  const [system, user, assistant] = record.messages;
  expect(record.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant']);
  expect(system!.content.length).toBeLessThan(60);
  const fields = RECORD.exec(assistant!.content)?.slice(1);
  if (fields === undefined) throw new Error(`Not a record: ${assistant!.content}`);
  const [, , product, first, last, number] = fields as string[];
  return { ticket: user!.content, fields, made: [product!.split(' ')[0]!, first!, last!, number!] };
}

describe('the stored dataset', () => {
  const train = stored('train');
  const validation = stored('validation');
  const test = stored('test');

  it('is what the generator makes', () => {
    const seen = new Set<string>();
    expect(ticketRecords(createRandom(1, 0), 800, 'training', seen)).toEqual(train);
    expect(ticketRecords(createRandom(1, 1), 100, 'evaluation', seen)).toEqual(validation);
    expect(ticketRecords(createRandom(1, 2), 100, 'evaluation', seen)).toEqual(test);
  });

  it('answers every ticket from the ticket: product, name and number stand in it', () => {
    for (const record of [...train, ...validation, ...test]) {
      const { ticket, fields } = parts(record);
      for (const copied of [fields[2]!, `${fields[3]!} ${fields[4]!}`, fields[5]!]) expect(ticket).toContain(copied);
      const words = ticket.split(' ').length;
      expect(words).toBeGreaterThanOrEqual(25);
      expect(words).toBeLessThanOrEqual(70);
      expect(ticket.length).toBeLessThanOrEqual(1000);
      expect(ticket).not.toMatch(/\ba [AEIOU]/);
    }
  });

  it('holds out every name, brand and number of validation and test', () => {
    const known = new Set(train.flatMap((record) => parts(record).made));
    for (const record of [...validation, ...test])
      for (const word of parts(record).made) expect(known.has(word), word).toBe(false);
  });

  it('lets words of time pressure decide the priority', () => {
    for (const record of train) {
      const { ticket, fields } = parts(record);
      if (/as soon as possible|immediately|right away|top priority/.test(ticket)) expect(fields[1]).toBe('high');
      if (/no hurry|No rush|not urgent|Take your time/.test(ticket)) expect(fields[1]).toBe('low');
    }
  });

  it('has every category and priority often enough to learn it', () => {
    for (const field of [0, 1]) {
      const counts = new Map<string, number>();
      for (const record of train) {
        const value = parts(record).fields[field]!;
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      expect(Math.min(...counts.values())).toBeGreaterThan(80);
    }
  });
});

describe('the corpus of the base model', () => {
  it('never shows the record and never a held-out name', () => {
    const random = createRandom(3);
    const text = JSON.stringify(Array.from({ length: 1000 }, () => dialogue(random)));
    expect(text).not.toMatch(/category:|priority:|product:|summary/i);
    const words = new Set(text.match(/[A-Z][a-z]+|\d{5}/g));
    for (const record of [...stored('validation'), ...stored('test')])
      for (const word of parts(record).made) expect(words.has(word), word).toBe(false);
  });

  it('is the same for the same seed, and alternates the roles', () => {
    expect(dialogue(createRandom(5))).toEqual(dialogue(createRandom(5)));
    const random = createRandom(6);
    for (let i = 0; i < 300; i++) {
      const roles = dialogue(random).messages.map(({ role }) => role);
      const turns = roles[0] === 'system' ? roles.slice(1) : roles;
      expect(turns.length % 2).toBe(0);
      turns.forEach((role, index) => expect(role).toBe(index % 2 === 0 ? 'user' : 'assistant'));
    }
  });

  it('probes every skill with names the corpus lacks', () => {
    const found = probes(createRandom(1), 3);
    expect(new Set(found.map(({ skill }) => skill))).toEqual(
      new Set(['Customer', 'Number', 'Item', 'Topic', 'Urgency', 'Problem']),
    );
  });
});
