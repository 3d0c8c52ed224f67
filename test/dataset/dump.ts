import { readFileSync } from 'node:fs';
import { createTokenizer, type Tokenizer } from '../../src/dataset/tokenizer';

interface LabelDump {
  readonly templates: Readonly<Record<string, { readonly tagged: string; readonly plain: string }>>;
  readonly texts: readonly {
    readonly tokenizer: string;
    readonly text: string;
    readonly ids: readonly number[];
    readonly withSpecial: readonly number[];
    readonly decoded: string;
    readonly skipped: string;
  }[];
  readonly cases: readonly {
    readonly tokenizer: string;
    readonly config: Readonly<Record<string, string>>;
    readonly template: string;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly text?: string;
    readonly ids?: readonly number[];
    readonly mask?: readonly number[];
    readonly error?: string;
  }[];
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`dumps/${name}`, import.meta.url), 'utf8'));

/** Made by scripts/oracles/labels.py. */
export const dump = read('labels.json') as LabelDump;

export const readTokenizer = (name: string): object => read(`tokenizer-${name}.json`) as object;

const opened = new Map<string, Tokenizer>();

export function tokenizerOf(name: string): Tokenizer {
  let tokenizer = opened.get(name);
  if (!tokenizer) {
    const config = dump.cases.find((one) => one.tokenizer === name)!.config;
    tokenizer = createTokenizer(readTokenizer(name), config);
    opened.set(name, tokenizer);
  }
  return tokenizer;
}
