/**
 * The control socket of a run. Whoever can read `run.json` knows the token and may attach; a process id alone
 * proves nothing, since ids are used again. The trainer serves, every host attaches.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { Failure } from '../common/failure';
import { isAlive } from './kill-tree';
import type { AttachMessage, AttachedMessage, TrainerCommand, TrainerEvent } from './protocol';
import { parseEvent } from './protocol';
import { writeFailure } from './weights/files';

/** `process.json`: exists while the trainer lives, or after it was killed. */
export interface ProcessFile {
  readonly processId: number;
  /** When the process started, ISO 8601. */
  readonly startTime: string;
  readonly node: string;
  /** Path of the control socket. */
  readonly socket: string;
}

export interface ControlServer {
  /** Sends an event to every host that is attached. */
  broadcast(event: TrainerEvent): void;
  /** Stops to listen and removes the socket and `process.json`. What was broadcast before is still delivered. */
  close(): Promise<void>;
}

export interface RunConnection {
  readonly processId: number;
  send(command: TrainerCommand): Promise<void>;
  close(): void;
}

/** `sun_path` has 104 bytes on macOS and 108 on Linux, the closing zero included. */
const LONGEST_SOCKET_PATH = 100;
const LONGEST_COMMAND = 1 << 16;
const GREETING_MS = 5000;
/** A host that does not read is cut off at this many bytes; it can read the log instead. */
const LARGEST_BACKLOG = 4 << 20;

/**
 * Trainer side: listens in the run folder and writes `process.json`.
 * @throws Failure `run-in-use` when another trainer works in this folder, `write-failed` when nothing can be written there
 */
export async function serveControl(
  folder: { readonly path: string },
  onCommand: (command: TrainerCommand) => void,
): Promise<ControlServer> {
  if ((await probe(folder.path)) !== 'dead')
    throw new Failure('run-in-use', `A trainer is already at work in ${folder.path}.`, 'Stop it, or wait for its end.');
  const token = readToken(folder.path);
  if (token === undefined)
    throw new Failure('not-a-run', `${folder.path} has no readable run.json.`, 'Name the folder of a run.', 2);
  const attached = new Set<Socket>();
  const clients = new Set<Socket>();
  const processFile = join(folder.path, 'process.json');
  const unwritable = (error: unknown): never => {
    throw writeFailure(error, folder.path, 0);
  };
  const opened = listen(folder.path, (client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    greet(client, token, () => {
      const answer: AttachedMessage = { type: 'attached', run: folder.path, processId: process.pid };
      client.write(`${JSON.stringify(answer)}\n`);
      attached.add(client);
      client.on('close', () => attached.delete(client));
      return onCommand;
    });
  });
  const { server, socket } = await opened.catch(unwritable);
  const content: ProcessFile = {
    processId: process.pid,
    startTime: new Date(Date.now() - process.uptime() * 1000).toISOString(),
    node: process.execPath,
    socket,
  };
  try {
    writeFileSync(processFile, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  } catch (error) {
    server.close();
    removeSocket(socket, folder.path);
    unwritable(error);
  }
  const clean = (): void => {
    rmSync(processFile, { force: true });
    removeSocket(socket, folder.path);
  };
  process.once('exit', clean);
  return {
    broadcast: (event) => {
      const line = `${JSON.stringify(event)}\n`;
      for (const client of attached) {
        if (client.writableLength > LARGEST_BACKLOG) client.destroy();
        else client.write(line);
      }
    },
    close: async () => {
      process.off('exit', clean);
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const client of clients) client.end();
      // A host that keeps its half open must not keep the trainer alive.
      const cut = setTimeout(() => clients.forEach((client) => client.destroy()), 500);
      await closed;
      clearTimeout(cut);
      clean();
    },
  };
}

/**
 * Reads commands, one JSON object a line; lines that are none are ignored. `onEnd` is called once when the other
 * side has closed: for a trainer that belongs to a terminal this means that its host is gone.
 */
export function readCommands(input: Readable, onCommand: (command: TrainerCommand) => void, onEnd?: () => void): void {
  let ended = false;
  const end = (): void => {
    if (!ended) onEnd?.();
    ended = true;
  };
  onLines(input, (line) => {
    const command = parseCommand(line);
    if (command) onCommand(command);
  });
  input.on('end', end).on('close', end).on('error', end);
}

/** Calls back with each whole line of a UTF-8 stream, without its end. */
export function onLines(input: Readable, onLine: (line: string) => void): void {
  let rest = '';
  input.setEncoding('utf8');
  input.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onLine(line);
  });
}

/**
 * Host side: connects to the trainer of the run in this folder and proves both sides to each other.
 * `undefined`: no trainer lives there. A trainer in the middle of a long step answers late, so the default is patient.
 * @param onEvent events from now on, in order
 */
export async function attach(
  path: string,
  timeoutMs = 30_000,
  onEvent?: (event: TrainerEvent) => void,
): Promise<RunConnection | undefined> {
  const opened = await open(path, timeoutMs, onEvent);
  return typeof opened === 'string' ? undefined : opened;
}

/**
 * Whether a trainer lives in this run folder. `busy`: something listens on its socket but has not answered in time,
 * as in a long step.
 */
export async function probe(path: string, timeoutMs = 1000): Promise<'alive' | 'busy' | 'dead'> {
  const opened = await open(path, timeoutMs);
  if (typeof opened === 'string') return opened;
  opened.close();
  return 'alive';
}

async function open(
  path: string,
  timeoutMs: number,
  onEvent?: (event: TrainerEvent) => void,
): Promise<RunConnection | 'busy' | 'dead'> {
  const run = resolve(path);
  const trainer = readProcessFile(run);
  const token = readToken(run);
  if (!trainer || token === undefined || !isAlive(trainer.processId)) return 'dead';
  return await new Promise((settle) => {
    const socket = connect(trainer.socket);
    let connected = false;
    let answered = false;
    const fail = (): void => {
      clearTimeout(timer);
      socket.destroy();
      settle(connected ? 'busy' : 'dead');
    };
    const timer = setTimeout(fail, timeoutMs);
    socket.on('error', () => {
      connected = false;
      fail();
    });
    socket.on('close', () => {
      if (answered) return;
      connected = false;
      fail();
    });
    socket.on('connect', () => {
      connected = true;
      const hello: AttachMessage = { type: 'attach', token };
      socket.write(`${JSON.stringify(hello)}\n`);
    });
    onLines(socket, (line) => {
      if (answered) {
        const event = onEvent && parseEvent(line);
        if (event) onEvent(event);
        return;
      }
      const answer = parseObject(line);
      connected = false;
      if (answer?.['type'] !== 'attached' || answer['processId'] !== trainer.processId) return fail();
      answered = true;
      clearTimeout(timer);
      settle({
        processId: trainer.processId,
        send: (command) =>
          new Promise((done, failed) => {
            socket.write(`${JSON.stringify(command)}\n`, (error) => (error ? failed(error) : done()));
          }),
        close: () => socket.end(),
      });
    });
  });
}

/**
 * When the trainer that lives in this run folder, or was killed there, began (ISO 8601); `undefined` where there is none.
 * A last event in the log that is older was written by an earlier trainer, before the run was resumed.
 */
export function trainerBegan(path: string): string | undefined {
  return readProcessFile(resolve(path))?.startTime;
}

/** Waits for the token on a new connection; everything but the right one closes it. */
function greet(client: Socket, token: string, accept: () => (command: TrainerCommand) => void): void {
  let onCommand: ((command: TrainerCommand) => void) | undefined;
  const timer = setTimeout(() => client.destroy(), GREETING_MS);
  client.on('error', () => client.destroy());
  client.on('close', () => clearTimeout(timer));
  let received = 0;
  client.on('data', (text: string) => {
    received = text.includes('\n') ? 0 : received + text.length;
    if (received > LONGEST_COMMAND) client.destroy();
  });
  onLines(client, (line) => {
    if (client.destroyed) return;
    if (onCommand) {
      const command = parseCommand(line);
      if (command) onCommand(command);
      return;
    }
    clearTimeout(timer);
    const hello = parseObject(line);
    if (hello?.['type'] === 'attach' && sameSecret(hello['token'], token)) onCommand = accept();
    else client.destroy();
  });
}

function sameSecret(given: unknown, expected: string): boolean {
  if (typeof given !== 'string') return false;
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

async function listen(
  runPath: string,
  onClient: (client: Socket) => void,
): Promise<{ readonly server: Server; readonly socket: string }> {
  const server = createServer(onClient);
  const socket = socketPath(runPath);
  if (process.platform !== 'win32') rmSync(socket, { force: true });
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(socket, done);
  });
  server.on('error', () => undefined);
  // The socket alone is no reason to live: the training decides.
  server.unref();
  if (process.platform !== 'win32') chmodSync(socket, 0o600);
  return { server, socket };
}

function socketPath(runPath: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\fine-tune-${randomBytes(16).toString('hex')}`;
  const near = join(runPath, 'control.sock');
  if (Buffer.byteLength(near) <= LONGEST_SOCKET_PATH) return near;
  // Some temporary folders are long themselves (macOS: 49 bytes); a folder of mode 0700 keeps other users out.
  return join(mkdtempSync(join(tmpdir(), 'ft-')), 's');
}

function removeSocket(socket: string, runPath: string): void {
  if (process.platform === 'win32') return;
  rmSync(socket, { force: true });
  try {
    if (dirname(socket) !== resolve(runPath)) rmdirSync(dirname(socket));
  } catch {
    // Somebody has put a file there; it is only a temporary folder.
  }
}

function readProcessFile(runPath: string): ProcessFile | undefined {
  const value = readObject(join(runPath, 'process.json'));
  return value && typeof value['processId'] === 'number' && typeof value['socket'] === 'string'
    ? {
        processId: value['processId'],
        socket: value['socket'],
        startTime: String(value['startTime']),
        node: String(value['node']),
      }
    : undefined;
}

function readToken(runPath: string): string | undefined {
  const token = readObject(join(runPath, 'run.json'))?.['token'];
  return typeof token === 'string' && token !== '' ? token : undefined;
}

function readObject(path: string): Record<string, unknown> | undefined {
  try {
    return parseObject(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function parseCommand(line: string): TrainerCommand | undefined {
  const type = parseObject(line)?.['type'];
  return type === 'stop' || type === 'pause' || type === 'continue' ? { type } : undefined;
}
