import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/common/failure';
import type { Conversation } from '../../src/dataset/conversation';
import { encodeExample } from '../../src/dataset/labels';
import { createTemplate } from '../../src/dataset/template';
import { templateMessages } from '../../src/dataset/templates/messages';
import { createTokenizer, type Tokenizer } from '../../src/dataset/tokenizer';
import { readTokenizer } from './dump';
import { parityRecords } from './parity/records';

interface Family {
  readonly tokens: readonly string[];
  readonly bos: string | null;
  readonly eos: string;
  /** A line for each record: hashes of text, ids and mask with the number of tokens, or why there are none. */
  readonly small: readonly string[];
  readonly whole?: readonly string[];
}

// Made by scripts/oracles/parity.py; the masks are explained there.
const folder = fileURLToPath(new URL('parity/', import.meta.url));
const dump = JSON.parse(readFileSync(join(folder, 'parity.json'), 'utf8')) as {
  readonly records: readonly string[];
  readonly families: Readonly<Record<string, Family>>;
};
const data = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const hasData = existsSync(join(data, 'llamafactory'));
/** Folders with the tokenizer.json of each family; only SmolLM2's is kept with the project. */
const tokenizers = process.env['FINE_TUNE_TOKENIZERS'] ?? '';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** The small tokenizer with the family's control tokens behind its vocabulary. */
function smallTokenizer({ tokens, bos, eos }: Family): Tokenizer {
  const json = readTokenizer('smollm2') as {
    added_tokens: { content: string }[];
    readonly model: { readonly vocab: object };
  };
  const known = new Set(json.added_tokens.map((token) => token.content));
  let id = Object.keys(json.model.vocab).length;
  const added = tokens
    .filter((token) => !known.has(token))
    .map((content) => ({ id: id++, content, normalized: false, special: true }));
  return createTokenizer(
    { ...json, added_tokens: [...json.added_tokens, ...added] },
    { bos_token: bos, eos_token: eos },
  );
}

function wholeTokenizer(name: string, { bos, eos }: Family): Tokenizer | undefined {
  const packed = join(folder, `${name}-tokenizer.json.br`);
  const plain = join(tokenizers, name, 'tokenizer.json');
  const bytes = existsSync(packed)
    ? brotliDecompressSync(readFileSync(packed))
    : tokenizers !== '' && existsSync(plain)
      ? readFileSync(plain)
      : undefined;
  return bytes && createTokenizer(JSON.parse(bytes.toString('utf8')) as object, { bos_token: bos, eos_token: eos });
}

function lines(name: string, family: Family, tokenizer: Tokenizer, records: readonly Conversation[]): string[] {
  const template = createTemplate({
    source: { jinja: readFileSync(join(folder, 'templates', `${name}.jinja`), 'utf8') },
    bosToken: family.bos ?? undefined,
    eosToken: family.eos,
    specialTokens: tokenizer.specialTokens,
  });
  return records.map((record) => {
    try {
      const { text } = template.render(record);
      const { tokens, trained } = encodeExample(record, { template, tokenizer, maxLength: Infinity, line: 1 });
      return `${hash(text)} ${hash(tokens.join(','))} ${hash(trained.join(''))} ${tokens.length}`;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return error.message.includes('out of the text') ? 'incomplete' : 'refused';
    }
  });
}

describe.skipIf(!hasData)('500 real records against transformers', () => {
  const records = hasData ? parityRecords(data) : [];
  it('reads the records that the dump was made of', () => {
    const written = records.map(({ messages, tools }) =>
      JSON.stringify({
        messages: templateMessages(messages, { developer: true, function: true }),
        ...(tools && { tools }),
      }),
    );
    expect(written.map(hash)).toEqual(dump.records);
  });
  it.each(Object.entries(dump.families))('template %s', (name, family) => {
    expect(lines(name, family, smallTokenizer(family), records)).toEqual(family.small);
  });
  for (const [name, family] of Object.entries(dump.families)) {
    const tokenizer = family.whole && wholeTokenizer(name, family);
    // The other vocabularies are too large to be kept here: see scripts/oracles/parity.py.
    it.skipIf(!tokenizer)(`whole vocabulary of ${name}`, () => {
      expect(lines(name, family, tokenizer!, records)).toEqual(family.whole);
    });
  }
});
