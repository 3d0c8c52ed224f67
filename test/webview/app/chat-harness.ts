/**
 * Stands for VS Code around the chat's page: the page API, the host's session, and a process whose answers are written
 * here. The address says which: `?scene=talk&theme=dark`.
 */
import type { Side } from '../../../src/chat/conversation';
import type { ChatEvent, ChatRequest } from '../../../src/chat/protocol';
import type { GoodAnswer } from '../../../src/chat/record';
import { createChatPageSession } from '../../../src/webview/chat-session';

declare global {
  interface Window {
    acquireVsCodeApi: () => unknown;
    chat: { readonly requests: ChatRequest[]; readonly saved: GoodAnswer[]; readonly copied: string[] };
  }
}

const query = new URLSearchParams(location.search);
const theme = query.get('theme') ?? 'dark';
const scene = query.get('scene') ?? 'talk';
document.body.className = { dark: 'vscode-dark', light: 'vscode-light', hc: 'vscode-high-contrast' }[theme] ?? '';

const BASE =
  'Of course! There are many reasons why a parcel may be late. Here are some of them:\n\n1. The weather may be bad.\n2. The address may be wrong.\n3. The carrier may have too many parcels.\n\nIf you want, I can tell you more about each of these reasons, and about parcels in general.';
const TUNED =
  '{"category": "shipping", "urgency": "high",\n "reply": "I am sorry that your parcel is late. I have asked the carrier and will write to you by tomorrow noon."}';
const chat: Window['chat'] = { requests: [], saved: [], copied: [] };

function play(emit: (event: ChatEvent) => void, end: (problem: { message: string; hint: string }) => void): void {
  const models = [{ side: 'base' as const, name: 'SmolLM2-135M-Instruct' }];
  const both = [...models, { side: 'tuned' as const, name: 'support-lora' }];
  if (scene === 'closed')
    return end({
      message: 'The run support-lora has no trained model yet: /home/ann/runs/support-lora/adapter does not exist.',
      hint: 'Wait until the run is completed or stopped, or continue it with "fine-tune resume".',
    });
  emit({
    type: 'opened',
    system: '',
    name: scene === 'single' ? models[0]!.name : 'support-lora',
    models: scene === 'single' ? models : both,
  });
  if (scene === 'loading') return emit({ type: 'loading', side: 'tuned', fraction: 0.43 });
  for (const { side } of scene === 'single' ? models : both)
    if (scene === 'unloaded' && side === 'base')
      emit({
        ...{ type: 'error', id: null, side, code: 'model-out-of-memory' },
        message: '/home/ann/models/SmolLM2-135M-Instruct does not fit into the memory that is free.',
        hint: 'Allow a shorter context, or close other programs.',
      });
    else emit({ type: 'ready', side, contextLength: 4096, engine: 'llama.cpp' });
}

function answer(
  { id, side, messages }: Extract<ChatRequest, { type: 'send' }>,
  emit: (event: ChatEvent) => void,
): void {
  const last = messages.at(-1)!.content;
  if (last.length > 5000)
    return emit({
      ...{ type: 'error', id, side, code: 'prompt-too-long' },
      message: 'The conversation has 25,012 tokens, and the model reads 4,096 at most, answer included.',
      hint: 'Shorten the message.',
    });
  emit({ type: 'started', id });
  const text = last.startsWith('Nothing') ? '' : last.startsWith('Thanks') ? 'You are welcome.' : TEXTS[side];
  if (scene === 'writing' && side === 'base') return;
  if (scene === 'writing') return emit({ type: 'text', id, text: text.slice(0, 120) });
  emit({ type: 'text', id, text: text.slice(0, 20) });
  const tokens = Math.ceil(text.length / 4);
  const finish = side === 'base' && text.length > 100 ? 'length' : 'stop';
  emit({
    type: 'done',
    id,
    text,
    finish,
    promptTokens: 100,
    tokens,
    seconds: tokens / (side === 'base' ? 31.2 : 29.6),
  });
}
const TEXTS: Readonly<Record<Side, string>> = { base: BASE, tuned: TUNED };

const session = createChatPageSession({
  name: scene === 'single' ? 'SmolLM2-135M-Instruct' : '20261124-183034-support-lora',
  start: (onEvent, onEnd) => {
    queueMicrotask(() => play(onEvent, onEnd));
    return {
      send: (request) => {
        chat.requests.push(request);
        if (request.type === 'send') queueMicrotask(() => answer(request, onEvent));
      },
      dispose: () => undefined,
    };
  },
  save: (good) => {
    chat.saved.push(good);
    return Promise.resolve('Added to train.jsonl as line 57.');
  },
  copyText: (text) => {
    chat.copied.push(text);
    return Promise.resolve();
  },
  post: (message) => window.postMessage(message, '*'),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
});
window.chat = chat;
let saved: unknown = JSON.parse(query.get('state') ?? 'null');
window.acquireVsCodeApi = () => ({
  postMessage: (message: unknown) => void Promise.resolve().then(() => session.receive(structuredClone(message))),
  getState: () => saved,
  setState: (next: unknown) => (saved = next),
});
