import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hubOf } from '../../src/hub/environment';
import { isSafePath, modelIdText, modelReference, parseModelId } from '../../src/hub/model-id';

describe('parseModelId', () => {
  it.each([
    ['HuggingFaceTB/SmolLM2-135M', { id: 'HuggingFaceTB/SmolLM2-135M', revision: 'main' }],
    ['org/name@v1.0', { id: 'org/name', revision: 'v1.0' }],
    ['org/name@refs/pr/3', { id: 'org/name', revision: 'refs/pr/3' }],
    ['org/name:Q4_K_M', { id: 'org/name', revision: 'main', file: 'Q4_K_M' }],
    ['org/name@v1:a/b.gguf', { id: 'org/name', revision: 'v1', file: 'a/b.gguf' }],
  ])('reads %s', (text, id) => {
    expect(parseModelId(text)).toEqual(id);
    expect(modelIdText(id)).toBe(text);
  });

  it.each([
    '',
    'gpt2',
    './org/name',
    '../name',
    '/org/name',
    'a/b/c',
    'C:\\models\\x',
    'C:/models',
    'org/..',
    'org/a--b',
    'org/name@../../x',
    'org/name:../x.gguf',
    'org/name:/etc/x.gguf',
    'models/base.gguf',
    'org/name.',
    'https://x/y',
  ])('does not take %j for an id', (text) => expect(parseModelId(text)).toBeUndefined());
});

describe('modelReference', () => {
  it('takes what begins in a folder that is there for a path, and makes paths absolute', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fine-tune-reference-'));
    mkdirSync(join(folder, 'models'));
    expect(modelReference('models/base', folder)).toBe(join(folder, 'models', 'base'));
    expect(modelReference('org/name', folder)).toBe('org/name');
    expect(modelReference('base', folder)).toBe(join(folder, 'base'));
    expect(modelReference('org/name.gguf', folder)).toBe(join(folder, 'org', 'name.gguf'));
    expect(modelReference(modelReference('org/name', folder), tmpdir())).toBe('org/name');
    rmSync(folder, { recursive: true });
  });
});

describe('isSafePath', () => {
  it.each(['a', 'a/b.json', '.gitattributes', 'a b/c'])('accepts %j', (path) => expect(isSafePath(path)).toBe(true));
  it.each(['', '.', '..', 'a/../b', '/a', 'a//b', 'a\\b', 'c:x', 'a\0', 'a.', 'a '])('refuses %j', (path) =>
    expect(isSafePath(path)).toBe(false),
  );
});

describe('hubOf', () => {
  it('reads the variables of Hugging Face', () => {
    expect(hubOf({}).endpoint).toBe('https://huggingface.co');
    expect(hubOf({ HF_ENDPOINT: 'https://mirror/' }).endpoint).toBe('https://mirror');
    expect(hubOf({ HF_HOME: '/h' }).cache).toBe(join('/h', 'hub'));
    expect(hubOf({ XDG_CACHE_HOME: '/x' }).cache).toBe(join('/x', 'huggingface', 'hub'));
    expect(hubOf({ HF_HOME: '/h', HF_HUB_CACHE: '/c' }).cache).toBe('/c');
    expect(hubOf({ HF_TOKEN: ' t ' }).token()).toBe('t');
    expect(hubOf({ HF_HOME: '/nowhere' }).token()).toBeUndefined();
    expect(hubOf({ HF_HUB_OFFLINE: '1' }).offline).toBe(true);
  });
});
