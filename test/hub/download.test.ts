import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DownloadRequest, download, incompleteFile, requireSpace } from '../../src/hub/download';
import { answerWith, cutAfter, type FileServer, sendFile, serve } from './file-server';

const CONTENT = randomBytes(300_000);
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

let server: FileServer;
let folder: string;
let target: string;

beforeEach(async () => {
  server = await serve((request, response) => sendFile(request, response, CONTENT));
  folder = mkdtempSync(join(tmpdir(), 'fine-tune-download-'));
  target = join(folder, 'deep', 'file.bin');
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const request = (changes: Partial<DownloadRequest> = {}): DownloadRequest => ({
  url: `${server.origin}/file`,
  target,
  bytes: CONTENT.length,
  checksum: { algorithm: 'sha256', digest: SHA256 },
  firstDelayMs: 1,
  ...changes,
});

const arrived = (): Buffer => readFileSync(target);
const ranges = (): (string | undefined)[] => server.seen.map(({ headers }) => headers.range);

describe('download', () => {
  it('puts the whole file under its name, tells how far it is, and leaves nothing else', async () => {
    const progress: number[] = [];
    await download(request({ onProgress: (done) => progress.push(done) }));
    expect(arrived().equals(CONTENT)).toBe(true);
    expect(readdirSync(join(folder, 'deep'))).toEqual(['file.bin']);
    expect(progress[0]).toBe(0);
    expect(progress.at(-1)).toBe(CONTENT.length);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
  });

  it('goes on where the connection was cut, as often as it is, and only with the same file', async () => {
    server.interruptions.push(cutAfter(CONTENT, 100_000), cutAfter(CONTENT, 50_000));
    await download(request());
    expect(arrived().equals(CONTENT)).toBe(true);
    const [whole, first = 0, second = 0] = ranges().map((range) =>
      range === undefined ? undefined : Number(/\d+/.exec(range)![0]),
    );
    expect(whole).toBeUndefined();
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual(100_000);
    expect(second).toBeGreaterThan(first);
    expect(second).toBeLessThanOrEqual(first + 50_000);
    expect(server.seen[1]!.headers['if-range']).toBe(`"${createHash('md5').update(CONTENT).digest('hex')}"`);
  });

  it('begins again when the file on the server has become another one', async () => {
    server.interruptions.push(cutAfter(randomBytes(300_000), 100_000));
    await download(request());
    expect(arrived().equals(CONTENT)).toBe(true);
  });

  it('takes up what an earlier process left', async () => {
    mkdirSync(join(folder, 'deep'));
    writeFileSync(incompleteFile(target), CONTENT.subarray(0, 200_000));
    await download(request());
    expect(ranges()).toEqual(['bytes=200000-']);
    expect(arrived().equals(CONTENT)).toBe(true);
  });

  it('finds out that what was left is spoilt, and fetches all of it once more', async () => {
    mkdirSync(join(folder, 'deep'));
    writeFileSync(incompleteFile(target), randomBytes(200_000));
    await download(request());
    expect(ranges()).toEqual(['bytes=200000-', undefined]);
    expect(arrived().equals(CONTENT)).toBe(true);
  });

  it('asks for nothing when all bytes are there already, whole or as the file', async () => {
    mkdirSync(join(folder, 'deep'));
    writeFileSync(incompleteFile(target), CONTENT);
    await download(request());
    await download(request());
    expect(server.seen).toEqual([]);
  });

  it('refuses a file with a wrong checksum and keeps none of it', async () => {
    const digest = createHash('sha256').update('another').digest('hex');
    await expect(download(request({ checksum: { algorithm: 'sha256', digest } }))).rejects.toMatchObject({
      code: 'checksum-mismatch',
      exitCode: 1,
    });
    expect(existsSync(target)).toBe(false);
    expect(existsSync(incompleteFile(target))).toBe(false);
  });

  it("checks SHA-512 and git's name of a blob", async () => {
    const sha512 = createHash('sha512').update(CONTENT).digest('hex').toUpperCase();
    await download(request({ checksum: { algorithm: 'sha512', digest: sha512 } }));
    // printf 'hello\n' | git hash-object --stdin
    const hello = { algorithm: 'git-sha1', digest: 'ce013625030ba8dba906f756967f9e9ca394464a' } as const;
    server.interruptions.push((seen, response) => (sendFile(seen, response, Buffer.from('hello\n')), true));
    await download(request({ target: join(folder, 'hello'), bytes: 6, checksum: hello }));
    expect(readFileSync(join(folder, 'hello'), 'utf8')).toBe('hello\n');
  });

  it('waits for a server that is busy or broken, and gives up after five attempts', async () => {
    server.interruptions.push(answerWith(503), answerWith(429, { 'retry-after': '0' }), answerWith(500));
    await download(request());
    expect(server.seen).toHaveLength(4);
    server.interruptions.push(...Array.from({ length: 5 }, () => answerWith(502)));
    await expect(download(request({ target: join(folder, 'other') }))).rejects.toMatchObject({ code: 'server-error' });
    expect(server.seen).toHaveLength(9);
  });

  it('does not wait for an hour', async () => {
    server.interruptions.push(answerWith(429, { 'retry-after': '3600' }));
    await expect(download(request())).rejects.toMatchObject({ code: 'server-error' });
  });

  it('says that there is no connection', async () => {
    await server.close();
    await expect(download(request())).rejects.toMatchObject({ code: 'offline' });
    server = await serve(() => undefined);
  });

  it('tells no access from no file, and lets its owner say more', async () => {
    server.interruptions.push(answerWith(403), answerWith(404));
    await expect(download(request())).rejects.toMatchObject({ code: 'access-denied' });
    await expect(download(request())).rejects.toMatchObject({ code: 'not-found' });
  });

  it('refuses a login page in place of the file before it writes a byte', async () => {
    server.interruptions.push((seen, response) => (sendFile(seen, response, Buffer.from('<html>')), true));
    await expect(download(request())).rejects.toMatchObject({ code: 'size-mismatch' });
    expect(existsSync(incompleteFile(target))).toBe(false);
  });

  it('stops when it is cancelled, keeps what has arrived and goes on later', async () => {
    const abort = new AbortController();
    server.interruptions.push((_seen, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 120_000));
      return true;
    });
    const begun = download(
      request({ signal: abort.signal, onProgress: (done) => void (done >= 120_000 && abort.abort()) }),
    );
    await expect(begun).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(join(folder, 'deep'))).toEqual(['file.bin.fine-tune.incomplete']);
    await download(request());
    expect(ranges().at(-1)).toBe('bytes=120000-');
    expect(arrived().equals(CONTENT)).toBe(true);
  });

  it('sends what authorises to its own host only', async () => {
    const cdn = await serve((seen, response) => sendFile(seen, response, CONTENT));
    server.interruptions.push(
      answerWith(307, { location: '/moved' }),
      answerWith(302, { location: `${cdn.origin}/signed?x=1` }),
    );
    await download(request({ authorization: 'Bearer secret' }));
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret', 'Bearer secret']);
    expect(cdn.seen.map(({ url, headers }) => [url, headers.authorization])).toEqual([['/signed?x=1', undefined]]);
    await cdn.close();
  });

  it('fetches a file once when two want it', async () => {
    await Promise.all([download(request()), download(request())]);
    expect(server.seen).toHaveLength(1);
    expect(readdirSync(join(folder, 'deep'))).toEqual(['file.bin']);
  });

  it('takes over from a process that was killed', async () => {
    mkdirSync(join(folder, 'deep'));
    writeFileSync(`${target}.lock`, '999999999 nobody');
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 300);
    // Another machine: only silence would tell.
    await expect(download(request({ signal: abort.signal }))).rejects.toMatchObject({ code: 'cancelled' });
    const { hostname } = await import('node:os');
    writeFileSync(`${target}.lock`, `999999999 ${hostname()}`);
    await download(request());
    expect(arrived().equals(CONTENT)).toBe(true);
  });

  it('says before the start that the disk is too small', async () => {
    await expect(requireSpace(folder, 1e18, 'model.safetensors')).rejects.toMatchObject({
      code: 'disk-full',
      message: expect.stringContaining('model.safetensors needs 1000000000.0 GB more') as string,
    });
    await requireSpace(folder, 0, 'nothing');
  });

  it('says that the folder cannot be written', async () => {
    writeFileSync(join(folder, 'deep'), 'a file is in the way');
    await expect(download(request())).rejects.toMatchObject({ code: 'write-failed' });
  });
});
