import { withAnswer } from '../../../chat/conversation';
import { DEFAULT_SAMPLING } from '../../../chat/sampling';
import type { ChatHostNotices, ChatPageRequests, ChatState } from '../../chat-protocol';
import { createRpc, RpcError } from '../../rpc';
import type { PageApi } from '../app';
import { registerComponents } from '../components';
import { h, setText } from '../dom';
import { createComposer } from './composer';
import { createChatHeader } from './header';
import type { ChatCommands, ChatScene, ChatView } from './scene';
import { createTurns } from './turns';
import { isBusy, savedView, shownSides } from './words';

const FIRST_VIEW: ChatView = { draft: '', shown: 'both', settings: false, editing: null, saving: null };
/** Choosing the file for an answer may take its time. */
const ASK_MS = 30 * 60_000;
/** As near to the end as this, new text is followed. */
const NEAR_END = 48;

/** Draws the chat into `root` and keeps it up to date. */
export function startChat(api: PageApi, root: HTMLElement): void {
  registerComponents();
  let view: ChatView = { ...FIRST_VIEW, ...savedView(api.getState()) };
  let state: ChatState = {
    ...{ name: '', models: [], system: '', turns: [], failure: null },
    sampling: DEFAULT_SAMPLING,
  };
  const said = h('p', { class: 'said caption', role: 'status' });

  const rpc = createRpc<ChatPageRequests, Record<never, never>, Record<never, never>, ChatHostNotices>({
    post: (message) => api.postMessage(message),
    after: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    timeoutMs: ASK_MS,
    requests: {},
    notices: {
      state: (next) => setState(next),
      answer: ({ turn, side, answer }) => setState({ ...state, turns: withAnswer(state.turns, turn, side, answer) }),
    },
  });

  const setState = (next: ChatState): void => {
    const { scrollHeight, clientHeight, scrollTop } = document.documentElement;
    const follow = scrollHeight - clientHeight - scrollTop < NEAR_END || next.turns.length > state.turns.length;
    state = next;
    draw();
    if (follow) window.scrollTo(0, document.documentElement.scrollHeight);
  };
  const say = (words: string): void => setText(said, words);
  const fail = (error: unknown): void => {
    const hint = error instanceof RpcError ? error.hint : '';
    say([error instanceof Error ? error.message : String(error), hint].filter((text) => text !== '').join(' '));
  };
  const remember = (change: Partial<ChatView>): void => {
    view = { ...view, ...change };
    api.setState(view);
  };
  const commands: ChatCommands = {
    act: (action) => {
      if (action.type === 'setUp') state = { ...state, system: action.system, sampling: action.sampling };
      rpc.ask('act', action).then((words) => {
        say(words);
        // The text stays where the user has given up.
        if (action.type === 'save' && words !== '') commands.setView({ saving: null });
      }, fail);
      if (action.type === 'setUp') draw();
    },
    setView: (change) => {
      remember(change);
      draw();
    },
    remember,
  };

  const parts = [createChatHeader(commands), createTurns(commands), createComposer(commands, said)];
  root.replaceChildren(h('div', { class: 'chat' }, ...parts.map((one) => one.element)));

  const draw = (): void => {
    const sides = shownSides(state, view.shown);
    const scene: ChatScene = { state, view, sides, busy: isBusy(state) };
    for (const one of parts) one.update(scene);
  };
  const ask = (): void => {
    rpc.ask('ready', null).then(setState, fail);
  };

  window.addEventListener('message', (event: MessageEvent<unknown>) => rpc.receive(event.data));
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') ask();
  });
  draw();
  ask();
}
