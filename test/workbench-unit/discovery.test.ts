import { describe, expect, it } from 'vitest';
import {
  byLikelihood,
  findModels,
  proposeValidation,
  unique,
  type FolderEntry,
  type FolderReader,
} from '../../src/workbench/discovery';

/** A file system made of a list of paths; counts what is read. */
function reader(...files: string[]): FolderReader & { reads: string[] } {
  const reads: string[] = [];
  return {
    reads,
    list: (folder) => {
      reads.push(folder);
      const entries = new Map<string, FolderEntry>();
      for (const file of files) {
        if (!file.startsWith(`${folder}/`)) continue;
        const [name = '', ...rest] = file.slice(folder.length + 1).split('/');
        entries.set(name, { name, folder: rest.length > 0 });
      }
      return Promise.resolve([...entries.values()]);
    },
  };
}

describe('finding base models', () => {
  it('takes folders with a config and weights, sharded too, and GGUF files', async () => {
    const found = await findModels(
      '/w',
      reader(
        '/w/models/tiny/config.json',
        '/w/models/tiny/model-00001-of-00002.safetensors',
        '/w/models/adapter/adapter_config.json',
        '/w/models/adapter/adapter_model.safetensors',
        '/w/models/only-config/config.json',
        '/w/smol.Q8_0.gguf',
      ),
    );
    expect(found).toEqual([
      { path: '/w/smol.Q8_0.gguf', kind: 'gguf' },
      { path: '/w/models/tiny', kind: 'folder' },
    ]);
  });

  it('finds a workspace that is a model itself', async () => {
    const found = await findModels('/w', reader('/w/config.json', '/w/model.safetensors'));
    expect(found).toEqual([{ path: '/w', kind: 'folder' }]);
  });

  it('does not read hidden folders, dependencies, or below four levels', async () => {
    const files = reader(
      '/w/.finetune/runs/a/adapter/config.json',
      '/w/node_modules/x/model.gguf',
      '/w/1/2/3/4/deep.gguf',
      '/w/1/2/3/4/5/deeper.gguf',
    );
    expect(await findModels('/w', files)).toEqual([{ path: '/w/1/2/3/4/deep.gguf', kind: 'gguf' }]);
    expect(files.reads).toEqual(['/w', '/w/1', '/w/1/2', '/w/1/2/3', '/w/1/2/3/4']);
  });

  it('gives up after 2000 folders', async () => {
    let reads = 0;
    const found = await findModels('/w', {
      list: (folder) => {
        reads++;
        const many = folder === '/w' ? 5000 : 0;
        return Promise.resolve(Array.from({ length: many }, (_, i) => ({ name: `${i}`, folder: true })));
      },
    });
    expect([found, reads]).toEqual([[], 2000]);
  });
});

describe('proposing validation data', () => {
  it.each([
    ['train.jsonl', ['train.jsonl', 'dev.jsonl', 'validation.jsonl', 'test.jsonl'], 'validation.jsonl'],
    ['train.jsonl', ['valid-small.jsonl', 'notes.md'], 'valid-small.jsonl'],
    ['support-train.jsonl', ['validation.jsonl', 'support-valid.jsonl'], 'support-valid.jsonl'],
    ['tickets.jsonl', ['dev_set.jsonl'], 'dev_set.jsonl'],
    ['train.jsonl', ['train.jsonl', 'test.jsonl', 'validated.jsonl', 'device.jsonl'], undefined],
    ['validation.jsonl', ['validation.jsonl', 'train.jsonl'], undefined],
  ])('for %s beside %j takes %s', (train, siblings, expected) => {
    expect(proposeValidation(train, siblings)).toBe(expected);
  });
});

it('keeps the first of each', () => {
  expect(unique(['b', 'a', 'b'], (x) => x)).toEqual(['b', 'a']);
});

it('proposes training files first and those for other uses last', () => {
  const files = [
    '/w/a/test.jsonl',
    '/w/alpaca.jsonl',
    '/w/latest.jsonl',
    '/w/train/dev_set.jsonl',
    '/w/my-train.jsonl',
  ];
  expect(byLikelihood(files)).toEqual([
    '/w/my-train.jsonl',
    '/w/alpaca.jsonl',
    '/w/latest.jsonl',
    '/w/a/test.jsonl',
    '/w/train/dev_set.jsonl',
  ]);
});
