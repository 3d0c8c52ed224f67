/** Reading single files out of a ZIP archive (APPNOTE.TXT of PKWARE); archives below 4 GiB, stored or deflated. */
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

interface Entry {
  readonly method: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly headerAt: number;
}

const END_OF_DIRECTORY = 'PK\x05\x06';
const DIRECTORY_ENTRY = 0x02014b50;
const LONGEST_END = 22 + 0xffff;
const DEFLATED = 8;

/** Writes files of an archive, by their path in it, to the given places. The archive's own checksum was verified before. */
export async function extractFiles(
  archive: string,
  targets: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<void> {
  const handle = await open(archive);
  try {
    const directory = await readDirectory(handle);
    for (const [path, target] of targets) {
      const entry = directory.get(path);
      if (!entry) throw new Error(`${archive} has no ${path}.`);
      await extract(archive, handle, entry, target, signal);
    }
  } finally {
    await handle.close();
  }
}

async function readDirectory(handle: FileHandle): Promise<Map<string, Entry>> {
  const { size } = await handle.stat();
  const tail = await readAt(handle, Math.max(0, size - LONGEST_END), Math.min(size, LONGEST_END));
  const end = tail.lastIndexOf(END_OF_DIRECTORY);
  if (end < 0) throw new Error('This is no ZIP archive.');
  const directory = await readAt(handle, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const entries = new Map<string, Entry>();
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === DIRECTORY_ENTRY;) {
    const [name, extra, comment] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ];
    entries.set(directory.toString('utf8', at + 46, at + 46 + name), {
      method: directory.readUInt16LE(at + 10),
      packedBytes: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      headerAt: directory.readUInt32LE(at + 42),
    });
    at += 46 + name + extra + comment;
  }
  return entries;
}

async function extract(
  archive: string,
  handle: FileHandle,
  { method, packedBytes, bytes, headerAt }: Entry,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  // The local header repeats the name; its extra field may have another length than the directory's.
  const header = await readAt(handle, headerAt, 30);
  const start = headerAt + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const source = createReadStream(archive, { start, end: start + packedBytes - 1 });
  const file = createWriteStream(target, { mode: 0o644 });
  const stages = method === DEFLATED ? [source, createInflateRaw(), file] : [source, file];
  await pipeline(stages, { ...(signal && { signal }) });
  if (file.bytesWritten !== bytes) throw new Error(`${target} has ${file.bytesWritten} bytes instead of ${bytes}.`);
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  await handle.read(buffer, 0, length, position);
  return buffer;
}
