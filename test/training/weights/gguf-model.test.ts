import * as fs from 'node:fs';
import * as path from 'node:path';

import { describe, expect, test } from 'vitest';

import type { GgufFile, GgufValue } from '../../../src/training/weights/gguf';
import { ggufConfig } from '../../../src/training/weights/gguf-config';
import { byteLevelPipeline } from '../../../src/training/weights/gguf-pre-tokenizers';
import { ggufTokenizer } from '../../../src/training/weights/gguf-tokenizer';
import { failureOf, oracleJson, temporaryFolder } from './support';

const folder = temporaryFolder();

/** Metadata of Llama 3.2 1B, as its converter writes them. */
const LLAMA: Readonly<Record<string, GgufValue>> = {
  'general.architecture': 'llama',
  'llama.block_count': 16,
  'llama.context_length': 131_072,
  'llama.embedding_length': 2048,
  'llama.feed_forward_length': 8192,
  'llama.attention.head_count': 32,
  'llama.attention.head_count_kv': 8,
  'llama.attention.layer_norm_rms_epsilon': Math.fround(1e-5),
  'llama.rope.freq_base': 500_000,
  'llama.rope.dimension_count': 64,
};

/** The same numbers under the keys of another architecture. */
function as(architecture: string, changes: Readonly<Record<string, GgufValue>>): Record<string, GgufValue> {
  const moved = Object.entries(LLAMA).map(([key, value]) => [key.replace(/^llama\./, `${architecture}.`), value]);
  return { ...Object.fromEntries(moved), 'general.architecture': architecture, ...changes } as Record<
    string,
    GgufValue
  >;
}

function gguf(changes: Readonly<Record<string, GgufValue | undefined>>, divisors?: readonly number[]): GgufFile {
  const file = path.join(folder, 'divisors');
  const floats = Float32Array.from(divisors ?? []);
  fs.writeFileSync(file, floats);
  const embedding = { name: 'token_embd.weight', dtype: 'F16', shape: [1000, 2048], file, offset: 0, bytes: 0 };
  const factors = { ...embedding, dtype: 'F32', shape: [floats.length], bytes: floats.byteLength };
  const entries = Object.entries({ ...LLAMA, ...changes }).filter(
    (entry): entry is [string, GgufValue] => entry[1] !== undefined,
  );
  return {
    path: 'model.gguf',
    version: 3,
    metadata: new Map(entries),
    tensors: new Map([
      ['token_embd.weight', embedding],
      ...(divisors ? ([['rope_freqs.weight', factors]] as const) : []),
    ]),
  };
}

describe('rotary embedding', () => {
  const divisors = oracleJson<number[]>('llama3-rope.json');

  test("the divisors of Llama 3 become the numbers they were made from by transformers' formula", () => {
    expect(ggufConfig(gguf({}, divisors)).config).toMatchObject({
      rope_theta: 500_000,
      head_dim: 64,
      rope_scaling: {
        rope_type: 'llama3',
        factor: 32,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 8192,
      },
    });
  });

  test('other divisors are refused, ones are no scaling', () => {
    const wrong = divisors.with(20, divisors[20]! * 1.01);
    expect(failureOf(() => ggufConfig(gguf({}, wrong))).code).toBe('gguf-architecture');
    expect(
      ggufConfig(
        gguf(
          {},
          divisors.map(() => 1),
        ),
      ).config,
    ).not.toHaveProperty('rope_scaling');
  });

  test('of the local layers of Gemma 3, as the file says or as always', () => {
    const local = (changes: Readonly<Record<string, GgufValue>>): unknown =>
      ggufConfig(gguf(as('gemma3', changes))).config['rope_local_base_freq'];
    expect(local({})).toBe(10_000);
    expect(local({ 'gemma3.rope.freq_base_swa': 20_000 })).toBe(20_000);
  });

  test('linear scaling', () => {
    const metadata = { 'llama.rope.scaling.type': 'linear', 'llama.rope.scaling.factor': 4 };
    expect(ggufConfig(gguf(metadata)).config['rope_scaling']).toEqual({ rope_type: 'linear', factor: 4 });
  });
});

// llama.cpp: f_attention_scale is 1 / √(width / heads) for the 27B of Gemma, which it knows by the number of layers.
test.each([
  ['gemma2', 42, 256],
  ['gemma2', 46, 2048 / 32],
  ['gemma3', 48, 256],
  ['gemma3', 62, 2048 / 32],
])('%s with %i layers scales scores by the root of %i', (architecture, layers, scalar) => {
  const sizes = { block_count: layers, 'attention.key_length': 256, 'rope.dimension_count': 256 };
  const changes = Object.fromEntries(Object.entries(sizes).map(([key, value]) => [`${architecture}.${key}`, value]));
  expect(ggufConfig(gguf(as(architecture, changes))).config['query_pre_attn_scalar']).toBe(scalar);
});

test.each([
  ['another architecture', { 'general.architecture': 'mamba' }, 'gguf-architecture', '"mamba"'],
  ['a mixture of experts', { 'llama.expert_count': 8 }, 'gguf-architecture', 'experts'],
  ['an adapter', { 'general.type': 'adapter' }, 'gguf-architecture', 'adapter'],
  ['a part of a split model', { 'split.count': 3 }, 'gguf-architecture', 'split'],
  ['heads that differ by layer', { 'llama.attention.head_count': [32, 16] }, 'gguf-architecture', 'not one number'],
  ['partly rotated heads', { 'llama.rope.dimension_count': 32 }, 'gguf-architecture', 'part of each head'],
  ['a missing size', { 'llama.block_count': undefined }, 'gguf-corrupt', 'llama.block_count is missing'],
  ['heads that do not fit', { 'llama.attention.head_count_kv': 5 }, 'gguf-corrupt', 'do not fit'],
])('%s is a failure', (_, changes, code, message) => {
  const failure = failureOf(() => ggufConfig(gguf(changes)));
  expect(failure).toMatchObject({ code, exitCode: 2 });
  expect(failure.message).toContain(message);
});

describe('tokenizer', () => {
  const bytes = ['a', 'b', 'ab', '<|begin_of_text|>', '<|eot_id|>', '[PAD5]'];
  const tokenizer: Readonly<Record<string, GgufValue>> = {
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'llama-bpe',
    'tokenizer.ggml.tokens': bytes,
    'tokenizer.ggml.token_type': [1, 1, 1, 3, 3, 5],
    'tokenizer.ggml.merges': ['a b'],
    'tokenizer.ggml.bos_token_id': 3,
    'tokenizer.ggml.eos_token_id': 4,
    'tokenizer.ggml.padding_token_id': 4_294_967_295,
  };

  test.each(Object.entries(oracleJson<Record<string, string>>('splits.json')))(
    'the expression of %s is the one of transformers',
    (pre, expression) => {
      expect(byteLevelPipeline(pre)!.preTokenizer).toMatchObject({
        pretokenizers: [
          { type: 'Split', pattern: { Regex: expression } },
          { type: 'ByteLevel', use_regex: false },
        ],
      });
    },
  );

  test('of the Llama 3 kind: whole pieces first, BOS before every text, no padding tokens', () => {
    const { tokenizerJson, tokenizerConfig } = ggufTokenizer(gguf(tokenizer), 'llama');
    expect(tokenizerJson).toMatchObject({
      added_tokens: [
        { id: 3, content: '<|begin_of_text|>', special: true },
        { id: 4, content: '<|eot_id|>', special: true },
      ],
      model: { ignore_merges: true, merges: [['a', 'b']], vocab: { a: 0, b: 1, ab: 2 } },
      post_processor: {
        processors: [
          { type: 'ByteLevel' },
          { single: [{ SpecialToken: { id: '<|begin_of_text|>' } }, { Sequence: {} }] },
        ],
      },
    });
    expect(tokenizerJson['model']).not.toHaveProperty(['vocab', '[PAD5]']);
    expect(tokenizerConfig).toMatchObject({ bos_token: '<|begin_of_text|>', eos_token: '<|eot_id|>' });
    expect(tokenizerConfig).not.toHaveProperty('pad_token');
  });

  test("Phi-3's tokens of turns swallow the white space behind them, as llama.cpp knows by the name", () => {
    const phi: Readonly<Record<string, GgufValue>> = {
      'general.architecture': 'phi3',
      'general.name': 'Phi 3 Mini 4k Instruct',
      'tokenizer.ggml.model': 'llama',
      'tokenizer.ggml.tokens': ['<unk>', '<s>', '</s>', '▁', '<|end|>'],
      'tokenizer.ggml.scores': [0, 0, 0, -1, -2],
      'tokenizer.ggml.token_type': [2, 3, 3, 1, 3],
    };
    const strips = (changes: Readonly<Record<string, GgufValue>>): unknown =>
      (ggufTokenizer(gguf({ ...phi, ...changes }), 'phi3').tokenizerJson['added_tokens'] as object[])
        .filter((token) => 'rstrip' in token && token.rstrip === true)
        .map((token) => 'content' in token && token.content);
    expect(strips({})).toEqual(['</s>', '<|end|>']);
    expect(strips({ 'general.name': 'Other' })).toEqual([]);
  });

  test('what the file says about BOS and EOS wins', () => {
    const said = { ...tokenizer, 'tokenizer.ggml.add_bos_token': false, 'tokenizer.ggml.add_eos_token': true };
    expect(ggufTokenizer(gguf(said), 'llama').tokenizerJson['post_processor']).toMatchObject({
      processors: [{}, { single: [{ Sequence: { id: 'A' } }, { SpecialToken: { id: '<|eot_id|>' } }] }],
    });
  });

  test.each([
    ['another kind', { 'tokenizer.ggml.model': 'bert' }, '"bert"'],
    ['an unknown pre-tokenizer', { 'tokenizer.ggml.pre': 'new' }, '"new"'],
    ['no vocabulary', { 'tokenizer.ggml.tokens': undefined }, 'no vocabulary'],
    ['no merges', { 'tokenizer.ggml.merges': undefined }, 'no merges'],
    ['a broken merge', { 'tokenizer.ggml.merges': ['ab'] }, '"ab"'],
    ['token types of another number', { 'tokenizer.ggml.token_type': [1] }, 'token types'],
    ['a vocabulary that is no list of texts', { 'tokenizer.ggml.tokens': [1, 2] }, 'tokens is broken'],
    ['no scores', { 'tokenizer.ggml.model': 'llama', 'tokenizer.ggml.merges': undefined }, 'no scores'],
  ])('%s is a failure', (_, changes, message) => {
    const failure = failureOf(() => ggufTokenizer(gguf({ ...tokenizer, ...changes }), 'llama'));
    expect(failure).toMatchObject({ code: 'gguf-tokenizer', exitCode: 2 });
    expect(failure.message).toContain(message);
  });
});
