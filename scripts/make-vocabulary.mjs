// Makes media/vocabulary/o200k_base.bin, the default vocabulary, from the package js-tiktoken 1.0.21:
// npm pack js-tiktoken@1.0.21 && tar xf js-tiktoken-1.0.21.tgz && node scripts/make-vocabulary.mjs package
// The file is Brotli over: the number of tokens (uint32, little-endian), the length of each token (one byte each), and
// the bytes of all tokens in order of their ids.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { root } from './lib/run.mjs';

const [folder = ''] = process.argv.slice(2);
/** @type {{ default: { bpe_ranks: string } }} */
const ranks = await import(pathToFileURL(resolve(folder, 'dist/ranks/o200k_base.js')).href);
/** @type {Buffer[]} */
const tokens = [];
for (const line of ranks.default.bpe_ranks.split('\n').filter(Boolean)) {
  const [, first, ...encoded] = line.split(' ');
  encoded.forEach((token, i) => (tokens[Number(first) + i] = Buffer.from(token, 'base64')));
}
const count = Buffer.alloc(4);
count.writeUInt32LE(tokens.length);
const content = Buffer.concat([count, Buffer.from(tokens.map((token) => token.length)), ...tokens]);
const packed = brotliCompressSync(content, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 },
});
writeFileSync(join(root, 'media/vocabulary/o200k_base.bin'), packed);
console.log(`${tokens.length} tokens, ${content.length} bytes, packed ${packed.length}`);
