import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { resolve } from 'node:path';
import { type ChatSession, type OpenGenerator, createChatSession } from '../chat/chat-session';
import { SIDES, type Side, messagesFor } from '../chat/conversation';
import type { ChatEvent } from '../chat/protocol';
import { serveChat } from '../chat/serve';
import { Failure } from '../common/failure';
import { openGenerator } from '../evaluation/generation/open-generator';
import { openSubjects } from '../evaluation/subject';
import { constantSystem } from '../export/ollama';
import type { ChatArguments } from './chat';
import { type ChatConsole, chatInTerminal } from './chat-terminal';
import { findSubject } from './find-subject';
import { CLEAR_LINE, INTERRUPTED, type Terminal, styled } from './terminal';

/** @returns the exit code */
export async function runChat(options: ChatArguments, terminal: Terminal): Promise<number> {
  if (options.json) return await serve(options, terminal);
  const session = await openSession(options, terminal);
  try {
    const sides = sidesOf(session, options.side ?? (session.models.length > 1 ? 'tuned' : 'base'));
    const piped = options.prompt === undefined && process.stdin.isTTY !== true;
    const prompt = options.prompt ?? (piped ? (await text(process.stdin)).trim() : undefined);
    if (prompt !== undefined) return await answerOnce(session, sides, prompt, options, terminal);
    await converse(session, sides, options, terminal);
    return 0;
  } finally {
    await session.dispose();
  }
}

async function openSession(options: ChatArguments, { cwd }: Pick<Terminal, 'cwd'>): Promise<ChatSession> {
  const { given, model, template, outputDir, engine, contextLength } = options;
  const subjects = openSubjects(await findSubject(given, outputDir, cwd), { model, template });
  const open: OpenGenerator = async (subject, { signal, onProgress }) => {
    const opened = await openGenerator(subject, {
      ...{ engine, contextLength, signal, onProgress },
      device: 'auto',
      parallel: 1,
    });
    return { generator: opened.generator, engine: engineWords(opened) };
  };
  return createChatSession(subjects, open, (subjects.run && constantSystem(subjects.run)) ?? '');
}

function engineWords({ engine, device, reason }: Awaited<ReturnType<typeof openGenerator>>): string {
  if (engine === 'llama.cpp') return device === 'cpu' ? 'llama.cpp' : `llama.cpp, ${device}`;
  return `ONNX Runtime without a cache, which is slow${reason === undefined ? '' : `: ${reason}`}`;
}

function sidesOf({ models, name }: ChatSession, chosen: Side | 'both'): readonly Side[] {
  const sides = chosen === 'both' ? SIDES : [chosen];
  if (sides.every((side) => models.some((model) => model.side === side))) return sides;
  throw new Failure(
    'no-tuned-model',
    `${name} is no tuned model.`,
    'Name a run or an adapter folder, or leave out --tuned and --both.',
    2,
  );
}

async function serve(options: ChatArguments, terminal: Terminal): Promise<number> {
  const send = (event: ChatEvent): void => terminal.out(JSON.stringify(event));
  // Whoever started this reads events and no words.
  const fail = (error: unknown): number => {
    if (!(error instanceof Failure)) throw error;
    const { code, message, hint, exitCode } = error;
    send({ type: 'error', id: null, side: null, code, message, hint });
    return exitCode;
  };
  try {
    const session = await openSession(options, terminal);
    const chosen = options.side ?? (session.models.length > 1 ? 'both' : 'base');
    await serveChat({ session, sides: sidesOf(session, chosen).toReversed(), input: process.stdin, send });
    return 0;
  } catch (error) {
    return fail(error);
  }
}

async function answerOnce(
  session: ChatSession,
  sides: readonly Side[],
  prompt: string,
  { sampling, ...given }: ChatArguments,
  terminal: Terminal,
): Promise<number> {
  const system = systemOf(given, session);
  if (prompt === '')
    throw new Failure('usage', 'The message is empty.', 'Give one with --prompt, or through a pipe.', 2);
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.once('SIGINT', stop);
  const messages = (side: Side): ReturnType<typeof messagesFor> =>
    messagesFor([{ user: prompt, answers: {} }], system, side, 0);
  for (const side of sides) {
    await loadWithProgress(session, side, terminal);
    const streamed = process.stdout.isTTY === true;
    if (sides.length > 1) terminal.out(`${side}:`);
    const reply = await session.answer({
      ...{ side, sampling, messages: messages(side), signal: abort.signal },
      onStart: () => undefined,
      onText: (part) => void (streamed && process.stdout.write(part)),
    });
    terminal.out(streamed ? '' : reply.text);
    if (reply.finish === 'cancelled') return INTERRUPTED;
  }
  return 0;
}

function systemOf({ system }: Pick<ChatArguments, 'system'>, session: ChatSession): string {
  return system === '-' ? '' : (system ?? session.system);
}

async function loadWithProgress(session: ChatSession, side: Side, { err, live }: Terminal): Promise<string> {
  const show = (words: string): void => (live ? err(`${CLEAR_LINE}${words}`) : undefined);
  show(`Loading the ${side} model`);
  const { engine } = await session.load(side, (fraction) =>
    show(`Loading the ${side} model: ${Math.round(fraction * 100)} %`),
  );
  if (live) err(CLEAR_LINE);
  return engine;
}

async function converse(
  session: ChatSession,
  sides: readonly Side[],
  { sampling, ...given }: ChatArguments,
  terminal: Terminal,
): Promise<void> {
  const system = systemOf(given, session);
  for (const side of sides) {
    const engine = await loadWithProgress(session, side, terminal);
    const name = session.models.find((model) => model.side === side)?.name;
    terminal.err(`${styled(terminal.color, 'bold', name ?? side)} (${side}) is loaded; it runs in ${engine}.\n`);
  }
  if (system !== '') terminal.err(`The system prompt is: ${system}\n`);
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: terminal.live });
  try {
    const console = consoleOf(lines, terminal);
    await chatInTerminal(console, { session, sides, system, sampling, resolve: (path) => resolve(terminal.cwd, path) });
  } finally {
    lines.close();
  }
}

function consoleOf(lines: ReturnType<typeof createInterface>, terminal: Terminal): ChatConsole {
  const typed: string[] = [];
  let wake = (): void => undefined;
  let ended = false;
  let stop: (() => void) | undefined;
  let warned = false;
  lines.on('line', (line) => {
    warned = false;
    typed.push(line);
    wake();
  });
  lines.once('close', () => {
    ended = true;
    stop?.();
    wake();
  });
  lines.on('SIGINT', () => {
    if (stop) return stop();
    if (warned) return lines.close();
    warned = true;
    terminal.err('\nPress Ctrl-C again to end the chat.\n');
    lines.prompt();
  });
  return {
    ask: async (draft) => {
      lines.setPrompt('> ');
      if (typed.length === 0 && !ended) {
        lines.prompt();
        // A line feed would send the draft off.
        if (draft !== '') lines.write(draft.replaceAll('\n', ' '));
      }
      while (typed.length === 0 && !ended) await new Promise<void>((woken) => (wake = woken));
      return typed.shift();
    },
    write: (part) => void process.stdout.write(part),
    note: (words) => terminal.err(styled(terminal.color, 'dim', words)),
    interruptible: async (work) => {
      const abort = new AbortController();
      stop = () => abort.abort();
      try {
        return await work(abort.signal);
      } finally {
        stop = undefined;
      }
    },
  };
}
