import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCached, listCached, sizeOnDisk } from '../../src/hub/cache';
import { hubOf } from '../../src/hub/environment';
import { type FetchOptions, fetchModel, planDownload } from '../../src/hub/fetch-model';
import { modelIdText, parseModelId } from '../../src/hub/model-id';
import { cutAfter } from './file-server';
import { type HubServer, gitName, serveHub, sha256 } from './hub-server';
import { COMMIT, REPOSITORIES, SHARDS, SMALL_BYTES, WEIGHTS } from './repositories';

let server: HubServer;
let cache: string;
let options: FetchOptions;

beforeEach(async () => {
  server = await serveHub(REPOSITORIES);
  cache = join(mkdtempSync(join(tmpdir(), 'fine-tune-hub-')), 'hub');
  options = optionsWith({});
});
afterEach(async () => {
  await server.close();
  rmSync(join(cache, '..'), { recursive: true });
});

function optionsWith(environment: NodeJS.ProcessEnv): FetchOptions {
  const home = join(cache, '..');
  const hub = hubOf({ HF_HOME: home, HF_ENDPOINT: `${server.hub.origin}/`, ...environment });
  return { hub, firstDelayMs: 1 };
}

const get = async (name: string, how = options) => fetchModel(await planDownload(parseModelId(name)!, how), how);
const inRepository = (...parts: string[]): string => join(cache, 'models--org--small', ...parts);

describe('fetchModel', () => {
  it('fetches what a base model needs, and nothing else, into the layout of Hugging Face', async () => {
    const plan = await planDownload(parseModelId('org/small')!, options);
    expect(plan).toMatchObject({
      commit: COMMIT,
      licence: 'apache-2.0',
      totalBytes: SMALL_BYTES,
      missingBytes: SMALL_BYTES,
    });
    const progress: number[] = [];
    const model = await fetchModel(plan, { ...options, onProgress: (done) => progress.push(done) });
    expect(model.path).toBe(inRepository('snapshots', COMMIT));
    expect(readdirSync(model.path).sort()).toEqual([
      'README.md',
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(readFileSync(join(model.path, 'model.safetensors')).equals(WEIGHTS)).toBe(true);
    expect(readlinkSync(join(model.path, 'model.safetensors'))).toBe(join('..', '..', 'blobs', sha256(WEIGHTS)));
    expect(readlinkSync(join(model.path, 'README.md'))).toBe(
      join('..', '..', 'blobs', gitName(Buffer.from('# Small'))),
    );
    expect(readFileSync(inRepository('refs', 'main'), 'utf8')).toBe(COMMIT);
    expect(readdirSync(inRepository('blobs')).filter((name) => !/^[0-9a-f]+$/.test(name))).toEqual([]);
    expect(progress.at(-1)).toBe(SMALL_BYTES);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(findCached(parseModelId('org/small')!, cache)).toEqual(model);
    expect(sizeOnDisk(model)).toBe(SMALL_BYTES);
  });

  it('needs the hub for nothing but its list when everything is there', async () => {
    await get('org/small');
    const before = server.hub.seen.length;
    expect((await planDownload(parseModelId('org/small')!, options)).missingBytes).toBe(0);
    await get('org/small');
    expect(server.hub.seen.slice(before).map(({ url }) => url.split('?')[0])).toEqual([
      '/api/models/org/small/revision/main',
      '/api/models/org/small/revision/main',
    ]);
  });

  it('takes a branch with a slash, and a commit without a name', async () => {
    await get('org/small@refs/pr/1');
    expect(readFileSync(inRepository('refs', 'refs', 'pr', '1'), 'utf8')).toBe(COMMIT);
    const model = await get(`org/small@${COMMIT}`);
    expect(model.path).toBe(inRepository('snapshots', COMMIT));
    expect(existsSync(inRepository('refs', COMMIT))).toBe(false);
  });

  it('fetches every shard, and finds the model only when it has all of them', async () => {
    const model = await get('org/sharded');
    expect(readdirSync(model.path)).not.toContain('consolidated.safetensors');
    rmSync(join(model.path, 'model-00002-of-00002.safetensors'));
    expect(findCached(parseModelId('org/sharded')!, cache)).toBeUndefined();
    await get('org/sharded');
    expect(readFileSync(join(model.path, 'model-00002-of-00002.safetensors')).equals(SHARDS[1])).toBe(true);
  });

  it('fetches shards whose numbers have another width, and says where the hub lacks some', async () => {
    const model = await get('org/six-digits');
    expect(readFileSync(join(model.path, 'model-00001-of-000001.safetensors')).equals(SHARDS[0])).toBe(true);
    await expect(get('org/half')).rejects.toMatchObject({ code: 'weights-missing', exitCode: 2 });
  });

  it('fetches no weights of a model that cannot be trained', async () => {
    await expect(get('org/experts')).rejects.toMatchObject({
      message: expect.stringMatching(/^org\/experts: .* mixture of experts/) as string,
    });
    await expect(get('org/wordless')).rejects.toMatchObject({ code: 'tokenizer-missing', exitCode: 2 });
    expect(server.cdn.seen).toEqual([]);
  });

  it('fetches one GGUF file, by its name or by its label, in a folder too', async () => {
    const model = await get('org/quants:Q4_K_M');
    expect(model.path).toMatch(/small-q4_k_m\.gguf$/);
    expect((await get('org/quants:small-Q8_0.gguf')).path).toMatch(/small-Q8_0\.gguf$/);
    expect((await get('org/quants:BF16')).path).toMatch(/BF16[\\/]small-BF16\.gguf$/);
    expect(listCached(cache).map(({ id }) => id.file)).toEqual([
      'BF16/small-BF16.gguf',
      'small-Q8_0.gguf',
      'small-q4_k_m.gguf',
    ]);
  });

  it('says which GGUF files there are', async () => {
    const hint = expect.stringContaining('org/quants:small-q4_k_m.gguf') as string;
    await expect(get('org/quants')).rejects.toMatchObject({ code: 'gguf-choice', hint, exitCode: 2 });
    await expect(get('org/quants:Q2_K')).rejects.toMatchObject({ code: 'gguf-choice', hint });
  });

  it('refuses pickle files and adapters', async () => {
    await expect(get('org/pickle')).rejects.toMatchObject({
      code: 'weights-missing',
      message: 'org/pickle has no safetensors weights, only pytorch_model.bin.',
    });
    await expect(get('org/adapter')).rejects.toMatchObject({ message: expect.stringContaining('adapter') as string });
  });

  it('writes nothing outside its folder, whatever the hub calls its files', async () => {
    const plan = await planDownload(parseModelId('org/evil')!, options);
    expect(plan.files.map(({ path }) => path).filter((path) => /outside|etc|\\/.test(path))).toEqual([]);
    await fetchModel(plan, options);
    expect(readdirSync(cache)).toEqual(['models--org--evil']);
    expect(readdirSync(join(cache, '..'))).toEqual(['hub']);
  });

  it('reads sizes and checksums from the headers where the list has none', async () => {
    server.plainList = true;
    const model = await get('org/small');
    expect(readFileSync(join(model.path, 'model.safetensors')).equals(WEIGHTS)).toBe(true);
    expect(server.cdn.seen).toHaveLength(1);
  });

  it('goes on after a cut, with the part that is there', async () => {
    server.cdn.interruptions.push(cutAfter(WEIGHTS, 70_000));
    await get('org/small');
    expect(server.cdn.seen.map(({ headers }) => headers.range)).toEqual([
      undefined,
      expect.stringMatching(/^bytes=[1-9]\d*-$/),
    ]);
  });

  it('is found by two at once without being fetched twice', async () => {
    await Promise.all([get('org/small'), get('org/small')]);
    expect(server.cdn.seen).toHaveLength(1);
  });

  it('repairs a model whose blob is gone', async () => {
    const model = await get('org/small');
    rmSync(inRepository('blobs', sha256(WEIGHTS)));
    expect(findCached(parseModelId('org/small')!, cache)).toBeUndefined();
    await get('org/small');
    expect(readFileSync(join(model.path, 'model.safetensors')).equals(WEIGHTS)).toBe(true);
  });
});

describe('listCached', () => {
  it('names branches first, and commits that no branch names any more', async () => {
    await get('org/small');
    const old = 'd'.repeat(40);
    cpSync(inRepository('snapshots', COMMIT), inRepository('snapshots', old), { recursive: true });
    // Not whole: it has no weights.
    mkdirSync(inRepository('snapshots', 'e'.repeat(40)));
    expect(listCached(cache).map(({ id }) => modelIdText(id))).toEqual(['org/small', `org/small@${old}`]);
    expect(listCached(join(cache, 'nowhere'))).toEqual([]);
  });
});

describe('access', () => {
  it('says what a gated model wants, without a token and with that of another account', async () => {
    await expect(get('org/gated')).rejects.toMatchObject({
      code: 'model-gated',
      hint: expect.stringMatching(/Accept them at .*\/org\/gated, make a token .* HF_TOKEN/) as string,
    });
    await expect(get('org/gated', optionsWith({ HF_TOKEN: 'hf_wrong' }))).rejects.toMatchObject({
      code: 'model-gated',
      message: expect.stringContaining('yours has no access') as string,
    });
  });

  it('sends the token of the environment or of the file to the hub alone', async () => {
    await get('org/gated', optionsWith({ HF_TOKEN: 'hf_right' }));
    writeFileSync(join(cache, '..', 'token'), 'hf_right\n');
    rmSync(cache, { recursive: true });
    await get('org/gated');
    expect(server.hub.seen.every(({ headers }) => headers.authorization === 'Bearer hf_right')).toBe(true);
    expect(server.cdn.seen.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  it('says what is wrong with the environment', async () => {
    expect(() => hubOf({ HF_ENDPOINT: 'hf-mirror.example' })).toThrow(
      expect.objectContaining({ code: 'bad-endpoint' }),
    );
    await expect(get('org/small', optionsWith({ HF_TOKEN: 'hf_ü' }))).rejects.toMatchObject({
      code: 'bad-token',
      message: expect.not.stringContaining('hf_ü') as string,
    });
  });

  it('tells a wrong id from a wrong revision', async () => {
    await expect(get('org/none')).rejects.toMatchObject({ code: 'model-not-found', exitCode: 2 });
    await expect(get('org/small@v9')).rejects.toMatchObject({
      code: 'model-not-found',
      message: 'org/small has no revision "v9".',
    });
  });

  it('fetches nothing where the environment forbids it, and finds what is there', async () => {
    await get('org/small');
    await expect(planDownload(parseModelId('org/small')!, optionsWith({ HF_HUB_OFFLINE: '1' }))).rejects.toMatchObject({
      code: 'offline',
    });
    expect(findCached(parseModelId('org/small')!, cache)?.commit).toBe(COMMIT);
  });

  it('says that the address is no hub', async () => {
    server.hub.interruptions.push((_request, response) => (response.end('<html>hello</html>'), true));
    await expect(get('org/small')).rejects.toMatchObject({ code: 'hub-answer' });
  });
});
