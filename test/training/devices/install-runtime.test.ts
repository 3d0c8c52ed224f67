import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import manifest from '../../../package.json';
import {
  RUNTIME_ARCHIVES,
  RUNTIME_VERSION,
  type RuntimeArchive,
  runtimeFolder,
  runtimeIsInstalled,
  withGpuRuntime,
} from '../../../src/training/devices/gpu-runtime';
import { type InstallOptions, installRuntime, removeRuntime } from '../../../src/training/devices/install-runtime';
import { incompleteFile } from '../../../src/hub/download';
import { temporaryFolder } from '../fake-run';

/** Made by Python's zipfile: README and libprovider.so deflated, libshared.so stored. */
const WHEEL = Buffer.from(
  'UEsDBBQAAAAIAPZ2eF35SCyUCAAAAAYAAAAKAAAAcGtnL1JFQURNRSvNKy1OTQEAUEsDBBQAAAAIAPZ2eF1wAEypGQAAAAgHAAAWAAAAcGtnL2xpYi9saWJwcm92aWRlci5zbysoyi/LTEktUigYZYwyRhmjjFHGKGPkMQBQSwMEFAAAAAAA9nZ4XXh3pg8MAAAADAAAABQAAABwa2cvbGliL2xpYnNoYXJlZC5zb3N0b3JlZCBieXRlc1BLAQIUAxQAAAAIAPZ2eF35SCyUCAAAAAYAAAAKAAAAAAAAAAAAAACkgQAAAABwa2cvUkVBRE1FUEsBAhQDFAAAAAgA9nZ4XXAATKkZAAAACAcAABYAAAAAAAAAAAAAAKSBMAAAAHBrZy9saWIvbGlicHJvdmlkZXIuc29QSwECFAMUAAAAAAD2dnhdeHemDwwAAAAMAAAAFAAAAAAAAAAAAAAApIF9AAAAcGtnL2xpYi9saWJzaGFyZWQuc29QSwUGAAAAAAMAAwC+AAAAuwAAAAAA',
  'base64',
);
const SHA256 = '14964155050c2954436e75951eb71be9176074643ee2edfe952360d5a85a0809';

const folder = temporaryFolder();
let server: Server;
let ranges: (string | undefined)[] = [];
let answer = (response: ServerResponse, from: number): void => {
  response.end(WHEEL.subarray(from));
};
const honest = answer;
let options: InstallOptions;
let count = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': WHEEL.length - from,
      ...(from > 0 && { 'content-range': `bytes ${from}-${WHEEL.length - 1}/${WHEEL.length}` }),
    });
    answer(response, from);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(() => {
  server.close();
  folder.remove();
});
beforeEach(() => {
  const cache = join(folder.path, `cache-${++count}`);
  for (const name of ['XDG_CACHE_HOME', 'LOCALAPPDATA', 'HOME']) vi.stubEnv(name, cache);
  ranges = [];
  answer = honest;
  const engineLibrary = join(folder.path, 'libonnxruntime.so.1');
  writeFileSync(engineLibrary, 'engine');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.whl`;
  const files = ['pkg/lib/libprovider.so', 'pkg/lib/libshared.so'];
  options = { engineLibrary, archives: [{ url, bytes: WHEEL.length, sha256: SHA256, files }], unpackedBytes: 2000 };
});

const names = (path: string): string[] => (existsSync(path) ? readdirSync(path).sort() : []);
const staging = (): string => `${runtimeFolder()}.incomplete`;
const withArchive = (more: Partial<RuntimeArchive>): InstallOptions => ({
  ...options,
  archives: options.archives!.map((archive) => ({ ...archive, ...more })),
});

describe('installing', () => {
  it('places the wanted files beside a copy of the engine, and processes find them', async () => {
    expect(withGpuRuntime({ A: '1' })).toEqual({ A: '1' });
    const progress: number[] = [];
    await installRuntime({ ...options, onProgress: (done, total) => progress.push(done / total) });
    expect(names(runtimeFolder())).toEqual(['COMPLETE', 'libonnxruntime.so.1', 'libprovider.so', 'libshared.so']);
    expect(readFileSync(join(runtimeFolder(), 'libprovider.so'), 'utf8')).toBe('provider '.repeat(200));
    expect(readFileSync(join(runtimeFolder(), 'libshared.so'), 'utf8')).toBe('stored bytes');
    expect(progress.at(-1)).toBe(1);
    expect(existsSync(staging())).toBe(false);
    expect(withGpuRuntime({ LD_LIBRARY_PATH: '/own' })['LD_LIBRARY_PATH']).toBe(`${runtimeFolder()}:/own`);
    await installRuntime(options);
    expect(ranges).toHaveLength(1);
    const older = join(dirname(runtimeFolder()), 'onnxruntime-1.0.0-cuda12');
    mkdirSync(older);
    expect([await removeRuntime(), await removeRuntime()]).toEqual([true, false]);
    expect([runtimeIsInstalled(), existsSync(older)]).toEqual([false, false]);
  });
  it('goes on after a connection that broke', async () => {
    answer = (response, from) => {
      answer = honest;
      response.write(WHEEL.subarray(from, 150), () => response.destroy());
    };
    await installRuntime(options);
    expect(ranges).toEqual([undefined, 'bytes=150-']);
    expect(runtimeIsInstalled()).toBe(true);
  });
  it('goes on after it was cancelled, and does not fetch again what it has', async () => {
    const controller = new AbortController();
    answer = (response, from) => {
      response.write(WHEEL.subarray(from, 200), () => setTimeout(() => controller.abort(), 100));
    };
    await expect(installRuntime({ ...options, signal: controller.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(runtimeIsInstalled()).toBe(false);
    expect(existsSync(incompleteFile(join(staging(), 'a.whl')))).toBe(true);
    answer = honest;
    await installRuntime(options);
    expect(ranges).toEqual([undefined, 'bytes=200-']);
  });
  it('unpacks nothing with a wrong checksum', async () => {
    const wrong = withArchive({ sha256: SHA256.replace('1', '2') });
    await expect(installRuntime(wrong)).rejects.toMatchObject({ code: 'checksum-mismatch' });
    expect(runtimeIsInstalled()).toBe(false);
    expect(names(staging()).filter((name) => name.endsWith('.so'))).toEqual([]);
  });
  it('fetches nothing where the disk is too small', async () => {
    await expect(installRuntime({ ...options, unpackedBytes: 1e17 })).rejects.toMatchObject({ code: 'disk-full' });
    expect(ranges).toEqual([]);
  });
  it('says which folder cannot be written', async () => {
    const file = join(folder.path, 'no-folder');
    writeFileSync(file, '');
    for (const name of ['XDG_CACHE_HOME', 'LOCALAPPDATA', 'HOME']) vi.stubEnv(name, file);
    await expect(installRuntime(options)).rejects.toMatchObject({
      code: 'write-failed',
      message: expect.stringContaining(runtimeFolder()) as string,
    });
  });
  it('does not take a folder that is not complete for an installation', async () => {
    mkdirSync(runtimeFolder(), { recursive: true });
    writeFileSync(join(runtimeFolder(), 'libprovider.so'), 'old');
    expect(runtimeIsInstalled()).toBe(false);
    await installRuntime(options);
    expect(names(runtimeFolder())).toContain('COMPLETE');
  });
});

it('the table belongs to the runtime in package.json', () => {
  expect(RUNTIME_VERSION).toBe(manifest.dependencies['onnxruntime-node']);
  for (const { url, sha256 } of RUNTIME_ARCHIVES) {
    expect(url).toMatch(/^https:\/\/files\.pythonhosted\.org\/.+x86_64\.whl$/);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  }
});
