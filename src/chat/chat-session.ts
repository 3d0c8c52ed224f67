/** The models of a chat: loaded when they are first needed, kept loaded, loaded anew after a crash. */
import { basename } from 'node:path';
import { countText } from '../common/count-text';
import { Failure } from '../common/failure';
import { encodePrompt } from '../dataset/labels';
import type { Generator, Sampling } from '../evaluation/generation/generator';
import type { Subject, Subjects } from '../evaluation/subject';
import type { ChatMessage, Side } from './conversation';
import type { ChatModel, ChatReply, LoadedModel } from './protocol';

export interface ChatSession {
  readonly name: string;
  readonly models: readonly ChatModel[];
  /** System prompt that the model was trained with; empty where there was none, or several. */
  readonly system: string;
  /** Loads a model, or waits for it, or tells of it. */
  load(side: Side, onProgress?: (fraction: number) => void): Promise<LoadedModel>;
  /**
   * The answer to a conversation; one at a time, the others wait.
   * @throws Failure `prompt-too-long`, `template`, and what the generator throws; the session goes on
   */
  answer(question: Question): Promise<ChatReply>;
  dispose(): Promise<void>;
}

export interface Question {
  readonly side: Side;
  readonly messages: readonly ChatMessage[];
  readonly sampling: Sampling;
  readonly signal: AbortSignal;
  readonly onStart: () => void;
  readonly onText: (text: string) => void;
}

/** A generator and what runs it. */
export interface OpenedGenerator {
  readonly generator: Generator;
  readonly engine: string;
}

export type OpenGenerator = (
  subject: Subject,
  options: { readonly signal: AbortSignal; readonly onProgress: (fraction: number) => void },
) => Promise<OpenedGenerator>;

export function createChatSession(subjects: Subjects, open: OpenGenerator, system = ''): ChatSession {
  const closing = new AbortController();
  const loaded = new Map<Side, Promise<OpenedGenerator>>();
  let queue: Promise<unknown> = Promise.resolve();

  const subjectOf = (side: Side): Subject => {
    const subject = subjects[side];
    if (subject) return subject;
    throw new Failure('no-tuned-model', `${subjects.name} is no tuned model.`, 'Name a run or an adapter folder.', 2);
  };
  const generatorOf = (side: Side, onProgress: (fraction: number) => void): Promise<OpenedGenerator> => {
    const known = loaded.get(side);
    if (known) return known;
    const opening = Promise.resolve().then(() => open(subjectOf(side), { signal: closing.signal, onProgress }));
    loaded.set(side, opening);
    // The next question tries again.
    opening.catch(() => loaded.delete(side));
    return opening;
  };
  const answer = async (question: Question): Promise<ChatReply> => {
    const { side, messages, sampling, signal, onStart, onText } = question;
    if (signal.aborted) return CANCELLED;
    const { generator } = await generatorOf(side, () => undefined);
    if (signal.aborted) return CANCELLED;
    const { checked } = subjectOf(side);
    onStart();
    const prompt = promptOf(messages, checked);
    if (prompt.length >= generator.contextLength) throw tooLong(prompt.length, generator.contextLength, messages);
    const start = performance.now();
    try {
      const { text, tokens, finish } = await generator.answer(prompt, { sampling, signal, onText });
      const seconds = (performance.now() - start) / 1000;
      return { text, finish, promptTokens: prompt.length, tokens: tokens.length, seconds };
    } catch (error) {
      // Whatever it was, a fresh one is sure to work on.
      loaded.delete(side);
      await generator.dispose().catch(() => undefined);
      throw error;
    }
  };

  return {
    name: subjects.name,
    system,
    models: [
      { side: 'base', name: basename(subjects.base.model.path) },
      ...(subjects.tuned ? [{ side: 'tuned' as const, name: subjects.name }] : []),
    ],
    load: async (side, onProgress = () => undefined) => {
      const { generator, engine } = await generatorOf(side, onProgress);
      return { contextLength: generator.contextLength, engine };
    },
    answer: (question) => {
      const turn = queue.then(() => answer(question));
      queue = turn.catch(() => undefined);
      return turn;
    },
    dispose: async () => {
      closing.abort();
      const open = [...loaded.values()];
      loaded.clear();
      await Promise.all(open.map((one) => one.then(({ generator }) => generator.dispose()).catch(() => undefined)));
    },
  };
}

const CANCELLED: ChatReply = { text: '', finish: 'cancelled', promptTokens: 0, tokens: 0, seconds: 0 };

function promptOf(messages: readonly ChatMessage[], { template, tokenizer }: Subject['checked']): Int32Array {
  try {
    return encodePrompt({ messages: messages.map((one) => ({ ...one, trained: false })) }, { template, tokenizer });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'template') throw error;
    const system = messages[0]?.role === 'system' ? 'Leave the system prompt out, or choose' : 'Choose';
    throw new Failure(error.code, error.message, `${system} another template: "fine-tune chat --template chatml".`, 2);
  }
}

function tooLong(tokens: number, most: number, { length }: readonly ChatMessage[]): Failure {
  return new Failure(
    'prompt-too-long',
    `The conversation has ${countText(tokens)} tokens, and the model reads ${countText(most)} at most, answer included.`,
    length > 2 ? 'Begin a new conversation, or shorten a message.' : 'Shorten the message.',
    2,
  );
}
