import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type ChatEvent, parseChatEvent } from '../chat/protocol';
import type { Problem } from '../webview/chat-protocol';
import type { ChatProcess } from '../webview/chat-session';

export interface ChatProcessOptions {
  /** A real Node binary, see `findNode`. */
  readonly nodePath: string;
  /** `dist/cli.js` of this extension. */
  readonly cliPath: string;
  /** Run folder, adapter folder or model. */
  readonly path: string;
  readonly cwd: string;
  readonly onEvent: (event: ChatEvent) => void;
  /** Unless it was disposed of. */
  readonly onEnd: (problem: Problem) => void;
}

const KILL_AFTER_MS = 3000;
const LAST_WORDS = 2000;

/** Starts `fine-tune chat --json`, which ends with its input, also when this process is gone. */
export function startChatProcess(options: ChatProcessOptions): ChatProcess {
  const { nodePath, cliPath, path, cwd, onEvent } = options;
  const child = spawn(nodePath, [cliPath, 'chat', path, '--json'], {
    cwd,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let disposed = false;
  let lastWords = '';
  const end = (how: string): void => {
    if (disposed) return;
    disposed = true;
    const words = lastWords.trim();
    const message = `The process that runs the models ended (${how}).${words === '' ? '' : ` Its last words: ${words}`}`;
    options.onEnd({ message, hint: 'Most likely the memory did not suffice. The next message starts it again.' });
  };
  child.once('error', (error) => end(error.message));
  child.once('close', (code, signal) => end(signal ?? `code ${code ?? 'unknown'}`));
  // A process that ends while we write to it is reported by its end.
  child.stdin.on('error', () => undefined);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS);
  });
  createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', (line) => {
    const event = disposed ? undefined : parseChatEvent(line);
    if (event) onEvent(event);
  });
  return {
    send: (request) => void child.stdin.write(`${JSON.stringify(request)}\n`),
    dispose: () => {
      disposed = true;
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      child.once('close', () => clearTimeout(timer));
    },
  };
}
