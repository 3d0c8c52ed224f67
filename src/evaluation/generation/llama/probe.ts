import { fork } from 'node:child_process';
import type { LlamaReply, LlamaRequest } from './protocol';

const LIMIT_MS = 60_000;

/**
 * Loads the libraries of llama.cpp in a process of its own.
 * @param childPath `llama.mjs`
 * @returns `cpu`, or the GPU's interface and name
 * @throws Error that says why they cannot be used
 */
export async function probeLlama(nodePath: string, childPath: string): Promise<string> {
  const child = fork(childPath, [], {
    execPath: nodePath,
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  try {
    return await new Promise<string>((done, fail) => {
      child.once('error', fail);
      child.once('exit', (code, signal) => fail(new Error(`its process ended (${signal ?? `code ${code}`})`)));
      child.on('message', (reply: LlamaReply) => {
        if (reply.type === 'loaded') done(reply.device);
        if (reply.type === 'failed') fail(new Error(reply.message));
      });
      const request: LlamaRequest = { type: 'probe' };
      child.send(request, () => undefined);
    });
  } finally {
    child.kill('SIGKILL');
  }
}
