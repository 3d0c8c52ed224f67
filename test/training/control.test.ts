import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ControlServer, ProcessFile } from '../../src/training/control';
import { attach, probe, serveControl } from '../../src/training/control';
import type { TrainerCommand, TrainerEvent } from '../../src/training/protocol';
import type { RunFolder } from '../../src/training/run-folder';
import { createRunFolder, openRunFolder, summarizeRun } from '../../src/training/run-folder';
import { temporaryFolder, until } from './fake-run';

const LONG_AGO = new Date(2026, 0, 1);
const event: TrainerEvent = { v: 1, time: '', type: 'warning', code: 'x', message: 'm' };

let folder: ReturnType<typeof temporaryFolder>;
let run: RunFolder;
let server: ControlServer | undefined;
let commands: TrainerCommand[];
beforeEach(() => {
  folder = temporaryFolder();
  run = createRunFolder(folder.path, 'a', {}, LONG_AGO);
  commands = [];
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  folder.remove();
});
const serve = async (path = run): Promise<void> => {
  server = await serveControl(path, (command) => commands.push(command));
};
const processFile = (path = run.path): ProcessFile => JSON.parse(readFileSync(join(path, 'process.json'), 'utf8'));
const dial = (lines: string): Promise<string> =>
  new Promise((done) => {
    let text = '';
    const socket = connect(processFile().socket, () => socket.write(lines));
    socket
      .on('data', (data) => (text += data.toString()))
      .on('close', () => done(text))
      .on('error', () => done('error'));
  });

describe('serveControl and attach', () => {
  it('takes commands and hands over events', async () => {
    await serve();
    const events: TrainerEvent[] = [];
    const connection = await attach(run.path, 2000, (e) => events.push(e));
    expect(connection?.processId).toBe(process.pid);
    await connection?.send({ type: 'stop' });
    await until(() => commands.length === 1, 'the command');
    expect(commands).toEqual([{ type: 'stop' }]);
    server?.broadcast(event);
    await until(() => events.length === 1, 'the event');
    expect(events).toEqual([event]);
    connection?.close();
  });

  it('describes the process while it lives, and cleans up', async () => {
    await serve();
    const file = processFile();
    expect(file).toMatchObject({
      processId: process.pid,
      node: process.execPath,
      socket: join(run.path, 'control.sock'),
    });
    expect(Math.abs(Date.parse(file.startTime) - (Date.now() - process.uptime() * 1000))).toBeLessThan(2000);
    if (process.platform !== 'win32') expect(statSync(file.socket).mode & 0o777).toBe(0o600);
    expect(await probe(run.path)).toBe('alive');
    await server?.close();
    expect(existsSync(file.socket)).toBe(false);
    expect(existsSync(join(run.path, 'process.json'))).toBe(false);
    expect(await probe(run.path)).toBe('dead');
  });

  it('closes the connection on a wrong token, on noise and on an endless line, and goes on', async () => {
    await serve();
    const wrong = `{"type":"attach","token":"${'0'.repeat(64)}"}\n{"type":"stop"}\n`;
    expect(await dial(wrong)).toBe('');
    expect(await dial('{"type":"stop"}\n{"type":"stop"}\n')).toBe('');
    expect(['', 'error']).toContain(await dial('x'.repeat(200_000)));
    expect(commands).toEqual([]);
    const { token } = openRunFolder(run.path).run;
    const answer = dial(`{"type":"attach","token":"${token}"}\nnoise\n{"type":"unknown"}\n{"type":"stop"}\n`);
    await until(() => commands.length === 1, 'the command');
    await server?.close();
    expect(JSON.parse(await answer)).toEqual({ type: 'attached', run: run.path, processId: process.pid });
  });

  it('refuses a second trainer in the same folder, and replaces a dead one', async () => {
    writeFileSync(join(run.path, 'control.sock'), '');
    const gone: ProcessFile = {
      processId: 2 ** 22 - 7,
      startTime: '',
      node: '',
      socket: join(run.path, 'control.sock'),
    };
    writeFileSync(join(run.path, 'process.json'), JSON.stringify(gone));
    await serve();
    await expect(serveControl(run, () => undefined)).rejects.toMatchObject({ code: 'run-in-use' });
    expect(await probe(run.path)).toBe('alive');
  });

  it.skipIf(process.platform === 'win32')('works in a folder whose path exceeds the limit of sockets', async () => {
    const deep = join(folder.path, 'd'.repeat(60), 'e'.repeat(60));
    mkdirSync(deep, { recursive: true });
    const far = createRunFolder(deep, 'far', {}, LONG_AGO);
    await serve(far);
    const { socket } = processFile(far.path);
    expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(100);
    const connection = await attach(far.path, 2000);
    await connection?.send({ type: 'stop' });
    await until(() => commands.length === 1, 'the command');
    connection?.close();
    await server?.close();
    expect(existsSync(join(socket, '..'))).toBe(false);
  });
});

describe('a process id proves nothing', () => {
  const claim = (socket: string): void => {
    const file: ProcessFile = { processId: process.pid, startTime: '', node: '', socket };
    writeFileSync(join(run.path, 'process.json'), JSON.stringify(file));
  };

  it('when the id lives but nobody listens', async () => {
    claim(join(run.path, 'control.sock'));
    expect(await attach(run.path, 1000)).toBeUndefined();
    expect((await summarizeRun(run.path)).state).toBe('interrupted');
  });

  it('when somebody else listens', async () => {
    const path = join(folder.path, 'other.sock');
    const stranger = createServer((socket) => socket.write('{"type":"attached","run":"x","processId":1}\n'));
    await new Promise<void>((done) => stranger.listen(path, done));
    claim(path);
    expect(await attach(run.path, 1000)).toBeUndefined();
    expect((await summarizeRun(run.path)).state).toBe('interrupted');
    stranger.close();
  });

  it('but a listener that is too busy to answer counts as running', async () => {
    const path = join(folder.path, 'busy.sock');
    const busy = createServer();
    await new Promise<void>((done) => busy.listen(path, done));
    claim(path);
    expect(await probe(run.path, 100)).toBe('busy');
    expect(await attach(run.path, 100)).toBeUndefined();
    busy.close();
  });
});
