import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig, readConfigFile } from '../../src/training/config-file';
import { temporaryFolder } from './fake-run';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

describe('readConfigFile', () => {
  it('makes paths absolute from its own folder, drops $schema and a byte order mark, and checks nothing', () => {
    const path = join(folder.path, 'finetune.json');
    writeFileSync(path, '\uFEFF{"$schema":"s","model":"../base","output_dir":"/runs","epochs":-1,"train_file":5}');
    expect(readConfigFile(path)).toEqual({
      model: join(folder.path, '..', 'base'),
      output_dir: '/runs',
      epochs: -1,
      train_file: 5,
    });
  });

  it('says what is wrong with the file', () => {
    const missing = join(folder.path, 'x.json');
    expect(() => readConfigFile(missing)).toThrow(`${missing} does not exist.`);
    mkdirSync(missing);
    expect(() => readConfigFile(missing)).toThrow('cannot be read');
    expect(() => parseConfig('[]', '/a/f.json')).toThrow('/a/f.json must hold one JSON object.');
    expect(() => parseConfig('{"a":1,}', '/a/f.json')).toThrow('/a/f.json:1:7: The last comma must go.');
  });
});
