/** The chat in a terminal: messages and commands line by line, answers as they are written. */
import { appendRecord } from '../chat/append-record';
import type { ChatSession } from '../chat/chat-session';
import { type ChatTurn, type Side, messagesFor, withAnswer } from '../chat/conversation';
import type { ChatReply } from '../chat/protocol';
import { limitsText, SAMPLING_FIELDS, samplingValue } from '../chat/sampling';
import { Failure } from '../common/failure';
import type { Sampling } from '../evaluation/generation/generator';
import { CHAT_COMMANDS, type ChatCommand, readChatInput } from './chat-input';

/** The terminal, as far as the chat needs one. */
export interface ChatConsole {
  /** The next line that is typed, which begins with `draft`; `undefined` when there will be none. */
  ask(draft: string): Promise<string | undefined>;
  /** Text of the conversation. */
  write(text: string): void;
  /** What the program says beside it. */
  note(text: string): void;
  /** Work that Ctrl-C stops. */
  interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export interface ChatOptions {
  readonly session: ChatSession;
  readonly sides: readonly Side[];
  readonly system: string;
  readonly sampling: Sampling;
  /** Absolute path of a file that the user names. */
  readonly resolve: (path: string) => string;
}

/** Runs until the input ends or `/quit`. Whatever goes wrong with one message is said, and the chat goes on. */
export async function chatInTerminal(console: ChatConsole, options: ChatOptions): Promise<void> {
  const chat = createChat(console, options);
  console.note('Write a message and press Enter. A line that ends with \\ goes on. /help shows the commands.\n');
  for (let draft = ''; ;) {
    const line = await readWhole(console, draft);
    draft = '';
    if (line === undefined) return;
    const input = readChatInput(line);
    try {
      if (input.kind === 'message') await chat.say(input.text);
      else if (input.kind === 'unknown')
        console.note(
          `There is no /${input.name}.${input.near ? ` Did you mean /${input.near}?` : ''} /help lists all.\n`,
        );
      else if (input.kind === 'command') {
        if (input.name === 'quit') return;
        draft = await chat.command(input.name, input.argument);
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      console.note(`${error.message}\n${error.hint}\n`);
    }
  }
}

async function readWhole(console: ChatConsole, draft: string): Promise<string | undefined> {
  let text = '';
  for (let line = await console.ask(draft); line !== undefined; line = await console.ask('')) {
    if (!line.endsWith('\\')) return text + line;
    text += `${line.slice(0, -1)}\n`;
  }
  return text === '' ? undefined : text;
}

interface Chat {
  say(text: string): Promise<void>;
  /** @returns what the next line begins with */
  command(name: Exclude<ChatCommand, 'quit'>, argument: string): Promise<string>;
}

function createChat(console: ChatConsole, { session, sides, resolve, ...given }: ChatOptions): Chat {
  let { system, sampling } = given;
  let turns: readonly ChatTurn[] = [];

  const answerLast = async (seed: number): Promise<void> => {
    const turn = turns.length - 1;
    for (const side of sides) {
      if (sides.length > 1) console.note(`${side}:\n`);
      const messages = messagesFor(turns, system, side, turn);
      const onText = (text: string): void => console.write(text);
      const reply = await console.interruptible((signal) =>
        session.answer({ side, messages, sampling: { ...sampling, seed }, signal, onStart: () => undefined, onText }),
      );
      turns = withAnswer(turns, turn, side, { state: 'done', text: reply.text, finish: reply.finish });
      console.write('\n');
      console.note(`${replyWords(reply)}\n`);
      if (reply.finish === 'cancelled') return;
    }
  };
  const say = async (text: string): Promise<void> => {
    const before = turns;
    turns = [...turns, { user: text, answers: {} }];
    try {
      await answerLast(sampling.seed);
    } catch (error) {
      turns = before;
      throw error;
    }
  };
  let retries = 0;
  const commands: Readonly<Record<Exclude<ChatCommand, 'quit'>, (argument: string) => string | Promise<string>>> = {
    help: () =>
      `${Object.entries(CHAT_COMMANDS)
        .map(([name, help]) => `/${name} ${help}`.replace('  ', '\n    '))
        .join('\n')}\n`,
    system: (text) => {
      if (text !== '') system = text === '-' ? '' : text;
      return system === '' ? 'There is no system prompt.\n' : `The system prompt is: ${system}\n`;
    },
    set: (text) => {
      if (text !== '') sampling = withSetting(sampling, text);
      return SAMPLING_FIELDS.map((field) => `${field.flag} ${sampling[field.key]}\n`).join('');
    },
    clear: () => {
      turns = [];
      return 'The conversation begins anew.\n';
    },
    undo: () => {
      requireTurn(turns);
      turns = turns.slice(0, -1);
      return `Forgotten. ${turns.length === 0 ? 'The conversation is empty.' : `The last message is: ${turns.at(-1)!.user}`}\n`;
    },
    edit: () => '',
    retry: async () => {
      requireTurn(turns);
      await answerLast(sampling.seed + ++retries);
      return '';
    },
    save: async (file) => {
      const turn = requireTurn(turns);
      if (file === '') throw new Failure('usage', '/save needs a file.', 'Write /save FILE.jsonl.', 2);
      const [other, side] = sides.length > 1 ? sides : [undefined, sides[0]!];
      const messages = messagesFor(turns, system, side!, turns.length - 1);
      const worse = other && turn.answers[other]?.text;
      const line = await appendRecord(resolve(file), { messages, answer: turn.answers[side!]?.text ?? '', worse });
      return `Added to ${file} as line ${line.toLocaleString('en-US')}.\n`;
    },
  };
  return {
    say,
    command: async (name, argument) => {
      console.note(await commands[name](argument));
      if (name !== 'edit') return '';
      const { user } = requireTurn(turns);
      turns = turns.slice(0, -1);
      return user;
    },
  };
}

/** `42 tokens, 31.0 tokens/s, stopped at the longest answer`. */
export function replyWords({ tokens, seconds, finish }: Pick<ChatReply, 'tokens' | 'seconds' | 'finish'>): string {
  const speed = seconds > 0 && tokens > 0 ? [`${(tokens / seconds).toFixed(1)} tokens/s`] : [];
  const end = { stop: [], length: ['ended by the limit of tokens'], cancelled: ['stopped'] }[finish];
  return [`${tokens.toLocaleString('en-US')} ${tokens === 1 ? 'token' : 'tokens'}`, ...speed, ...end].join(', ');
}

function withSetting(sampling: Sampling, text: string): Sampling {
  const [name = '', value = ''] = text.split(/[\s=]+/);
  const field = SAMPLING_FIELDS.find(({ key, flag }) => key === name || flag === name.replaceAll('_', '-'));
  if (!field)
    throw new Failure(
      'usage',
      `There is no setting ${name}.`,
      `There are ${SAMPLING_FIELDS.map(({ flag }) => flag).join(', ')}.`,
      2,
    );
  if (value === '') throw new Failure('usage', `${field.flag} needs a value.`, `Give ${limitsText(field)}.`, 2);
  return { ...sampling, [field.key]: samplingValue(field, value, field.flag) };
}

function requireTurn(turns: readonly ChatTurn[]): ChatTurn {
  const turn = turns.at(-1);
  if (turn) return turn;
  throw new Failure('usage', 'Nothing was said yet.', 'Write a message first.', 2);
}
