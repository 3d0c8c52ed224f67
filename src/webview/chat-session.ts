/** The host's end of the chat's page: it has the conversation and asks the models. */
import { type ChatAnswer, type Side, SIDES, isOpen, messagesFor, withAnswer } from '../chat/conversation';
import type { ChatEvent, ChatRequest } from '../chat/protocol';
import type { GoodAnswer } from '../chat/record';
import { DEFAULT_SAMPLING } from '../chat/sampling';
import type {
  ChatAction,
  ChatHostNotices,
  ChatModelState,
  ChatPageRequests,
  ChatState,
  Problem,
} from './chat-protocol';
import { createRpc } from './rpc';

/** A process that answers, see `src/chat/protocol.ts`. */
export interface ChatProcess {
  send(request: ChatRequest): void;
  dispose(): void;
}

export interface ChatSessionOptions {
  readonly name: string;
  /** Starts the models. `onEnd` is told why they are gone, unless they were disposed of. */
  readonly start: (onEvent: (event: ChatEvent) => void, onEnd: (problem: Problem) => void) => ChatProcess;
  /** @returns what to say about it; nothing where the user has given up */
  readonly save: (answer: GoodAnswer) => Promise<string>;
  readonly copyText: (text: string) => Promise<void>;
  readonly post: (message: unknown) => void;
  readonly after: (milliseconds: number, run: () => void) => () => void;
}

export interface ChatPageSession {
  receive(message: unknown): void;
  dispose(): void;
}

/** The page is told of new text so often at most. */
const TELL_MS = 50;

export function createChatPageSession(options: ChatSessionOptions): ChatPageSession {
  let state: ChatState = {
    ...{ name: options.name, models: [], system: '', turns: [], failure: null },
    sampling: DEFAULT_SAMPLING,
  };
  /** Requests that are not answered yet, by their id. */
  const asked = new Map<number, { readonly turn: number; readonly side: Side }>();
  const untold = new Map<string, { readonly turn: number; readonly side: Side }>();
  let lastId = 0;
  let retries = 0;
  /** The user has looked after the system prompt. */
  let setUp = false;
  let process: ChatProcess | undefined;

  const rpc = createRpc<Record<never, never>, ChatHostNotices, ChatPageRequests, Record<never, never>>({
    ...{ post: options.post, after: options.after, timeoutMs: 20_000, notices: {} },
    requests: { ready: () => state, act: (action) => act(action) },
  });

  const setState = (change: Partial<ChatState>): void => {
    state = { ...state, ...change };
    untold.clear();
    rpc.notify('state', state);
  };
  const answerAt = (turn: number, side: Side): ChatAnswer | undefined => state.turns[turn]?.answers[side];
  const setAnswer = (turn: number, side: Side, answer: ChatAnswer): void =>
    setState({ turns: withAnswer(state.turns, turn, side, answer) });
  const setModel = (side: Side, change: Partial<ChatModelState>): void =>
    setState({ models: state.models.map((model) => (model.side === side ? { ...model, ...change } : model)) });

  const addText = (turn: number, side: Side, text: string): void => {
    const before = answerAt(turn, side)?.text ?? '';
    state = { ...state, turns: withAnswer(state.turns, turn, side, { state: 'writing', text: before + text }) };
    if (untold.size === 0) options.after(TELL_MS, tell);
    untold.set(`${turn} ${side}`, { turn, side });
  };
  const tell = (): void => {
    for (const { turn, side } of untold.values()) {
      const answer = answerAt(turn, side);
      if (answer) rpc.notify('answer', { turn, side, answer });
    }
    untold.clear();
  };

  const hear = (event: ChatEvent): void => {
    const place = 'id' in event && event.id !== null ? asked.get(event.id) : undefined;
    switch (event.type) {
      case 'opened':
        return setState({
          models: event.models.map((model) => ({ ...model, state: 'loading', fraction: 0 })),
          system: setUp || state.turns.length > 0 ? state.system : event.system,
        });
      case 'loading':
        return setModel(event.side, { fraction: event.fraction });
      case 'ready': {
        const { contextLength, engine } = event;
        return setModel(event.side, { state: 'ready', loaded: { contextLength, engine } });
      }
      case 'started':
        if (place) setAnswer(place.turn, place.side, { state: 'writing', text: '' });
        return;
      case 'text':
        if (place) addText(place.turn, place.side, event.text);
        return;
      case 'done': {
        const { text, finish, tokens, seconds } = event;
        asked.delete(event.id);
        if (place) setAnswer(place.turn, place.side, { state: 'done', text, finish, tokens, seconds });
        return;
      }
      case 'error':
        return hearError(event, place);
      default:
        event satisfies never;
    }
  };
  const hearError = (
    { id, side, message, hint }: Extract<ChatEvent, { type: 'error' }>,
    place: { readonly turn: number; readonly side: Side } | undefined,
  ): void => {
    const problem = { message, hint };
    if (id !== null) {
      asked.delete(id);
      if (place) fail(place, problem);
    } else if (side !== null) setModel(side, { state: 'failed', problem });
    else end(problem);
  };
  const fail = ({ turn, side }: { readonly turn: number; readonly side: Side }, problem: Problem): void =>
    setAnswer(turn, side, { state: 'failed', text: answerAt(turn, side)?.text ?? '', problem });
  /** The models are gone: what they had not answered has failed. The first reason is the one that counts. */
  const end = (problem: Problem): void => {
    process?.dispose();
    process = undefined;
    for (const place of asked.values()) fail(place, problem);
    asked.clear();
    setState({
      failure: state.failure ?? problem,
      models: state.models.map((model) => ({ ...model, state: 'failed' })),
    });
  };
  const start = (): ChatProcess => {
    setState({ failure: null, models: [] });
    const own = options.start(
      (event) => process === own && hear(event),
      (problem) => process === own && end(problem),
    );
    process = own;
    return own;
  };

  const ask = (turn: number, side: Side): void => {
    const id = ++lastId;
    asked.set(id, { turn, side });
    setAnswer(turn, side, { state: 'waiting', text: '' });
    const { sampling, system, turns } = state;
    const seed = (sampling.seed + retries) % 2 ** 32;
    const messages = messagesFor(turns, system, side, turn);
    (process ?? start()).send({ type: 'send', id, side, messages, sampling: { ...sampling, seed } });
  };
  const stop = (): void => {
    for (const id of asked.keys()) process?.send({ type: 'cancel', id });
  };
  const say = (turn: number, text: string, sides: readonly Side[]): void => {
    stop();
    asked.clear();
    retries = 0;
    const turns = state.turns.slice(0, turn).map((one) => ({ ...one, answers: closed(one.answers) }));
    setState({ turns: [...turns, { user: text, answers: {} }] });
    // The tuned model is what the user has come for; the base answers after it.
    for (const side of SIDES.toReversed()) if (sides.includes(side)) ask(turn, side);
  };
  const act = async (action: ChatAction): Promise<string> => {
    switch (action.type) {
      case 'send':
        say(state.turns.length, action.text, action.sides);
        return '';
      case 'edit':
        say(action.turn, action.text, action.sides);
        return '';
      case 'regenerate': {
        const turn = state.turns.length - 1;
        if (turn < 0 || isOpen(answerAt(turn, action.side))) return '';
        retries++;
        ask(turn, action.side);
        return '';
      }
      case 'stop':
        stop();
        return '';
      case 'clear':
        stop();
        asked.clear();
        setState({ turns: [] });
        return '';
      case 'restart':
        process?.dispose();
        start();
        return '';
      case 'setUp':
        state = { ...state, system: action.system, sampling: action.sampling };
        setUp = true;
        return '';
      case 'copy':
        await options.copyText(action.text);
        return 'Copied.';
      case 'save': {
        const { turn, side, text } = action;
        const other = SIDES.find((one) => one !== side)!;
        const messages = messagesFor(state.turns, state.system, side, turn);
        return await options.save({ messages, answer: text, worse: answerAt(turn, other)?.text });
      }
      default:
        return action satisfies never;
    }
  };

  start();
  return {
    receive: (message) => rpc.receive(message),
    dispose: () => {
      const last = process;
      process = undefined;
      last?.dispose();
      rpc.close();
    },
  };
}

/** What was being written when the conversation went on without it stays as it is. */
function closed(answers: ChatState['turns'][number]['answers']): ChatState['turns'][number]['answers'] {
  return Object.fromEntries(
    Object.entries(answers).map(([side, answer]) => [
      side,
      isOpen(answer) ? { ...answer, state: 'done', finish: 'cancelled' } : answer,
    ]),
  );
}
