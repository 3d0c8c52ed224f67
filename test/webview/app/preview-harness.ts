/**
 * Stands for VS Code around the label preview's page: the page API, a session of the real host side, and a real
 * tokenizer over invented records. The address says which: `?scene=cut&theme=dark`.
 */
import tokenizerConfig from '../../../media/sample/base/tokenizer_config.json';
import tokenizerJson from '../../../media/sample/base/tokenizer.json';
import { Failure } from '../../../src/common/failure';
import { detectFormat } from '../../../src/dataset/formats';
import { previewRecord, type Preview } from '../../../src/dataset/preview';
import { createTemplate } from '../../../src/dataset/template';
import { createTokenizer } from '../../../src/dataset/tokenizer';
import type { RecordPlace } from '../../../src/webview/preview-protocol';
import { createPreviewSession, type PreviewHost } from '../../../src/webview/preview-session';

declare global {
  interface Window {
    acquireVsCodeApi: () => unknown;
    preview: { readonly calls: unknown[]; readonly startedAt: number; drawn: number | undefined };
  }
}

const query = new URLSearchParams(location.search);
const theme = query.get('theme') ?? 'dark';
const scene = query.get('scene') ?? 'cut';
document.body.className = { dark: 'vscode-dark', light: 'vscode-light', hc: 'vscode-high-contrast' }[theme] ?? '';

const chat = (...contents: readonly (readonly [string, string])[]): string =>
  JSON.stringify({ messages: contents.map(([role, content]) => ({ role, content })) });
const TICKET = chat(
  ['system', 'You answer customers of Fernweh Cycles. Be short and exact. Never promise a date.'],
  [
    'user',
    'Hi, the rear light of my Fernweh 3 went dark after two weeks. Order 48113. Do I have to send the whole bicycle back?',
  ],
  [
    'assistant',
    'No, only the light. Unscrew the two bolts below the carrier, pull the plug, and put the light in any small box. We send you a label by e-mail, and a new light leaves our store as soon as your parcel is scanned.',
  ],
  ['user', 'And if it happens again?'],
  [
    'assistant',
    'Then tell us the order number again. After a second failure we replace the cable and the light together, free of charge, and you choose the workshop. The guarantee on the new parts starts again on the day they are fitted.',
  ],
);
const CODE = chat(
  ['user', 'Sum a list in Python, with a tab, please.'],
  ['assistant', '```py\ndef total(xs):\n\treturn sum(xs)  # naïve, 日本語, 😀\n```\n\nThat is all.'],
);
const LONG = chat(
  ['user', 'Tell me everything about the order.'],
  ['assistant', 'The order was sent on the day it was paid. The customer asked for the parcel again. '.repeat(1400)],
);

interface Scene {
  readonly source: string;
  readonly maxLength: number;
  readonly fails?: Failure;
}

const SCENES: Readonly<Record<string, Scene>> = {
  cut: { source: TICKET, maxLength: 250 },
  whole: { source: TICKET, maxLength: 1024 },
  code: { source: CODE, maxLength: 1024 },
  huge: { source: LONG, maxLength: 30_000 },
  untrained: {
    source: JSON.stringify({
      messages: [
        { role: 'user', content: 'Good morning.' },
        { role: 'assistant', content: 'Good morning!', weight: 0 },
      ],
    }),
    maxLength: 1024,
  },
  preference: {
    source: JSON.stringify({
      prompt: [{ role: 'user', content: 'Where is my parcel?' }],
      chosen: [{ role: 'assistant', content: 'It is on its way and comes on Friday.' }],
      rejected: [{ role: 'assistant', content: 'No idea.' }],
    }),
    maxLength: 1024,
  },
  broken: { source: '{"messages": [{"role": "user", "content": "Hello}]}', maxLength: 1024 },
  failed: {
    source: TICKET,
    maxLength: 1024,
    fails: new Failure(
      'model-missing',
      'The base model /models/support cannot be read: it has no tokenizer.json.',
      'Correct "model" in finetune.json.',
    ),
  },
  empty: { source: '', maxLength: 1024 },
};

const { source, maxLength, fails } = SCENES[scene] ?? SCENES['cut']!;
const tokenizer = createTokenizer(tokenizerJson, tokenizerConfig);
const template = createTemplate({
  source: 'chatml',
  eosToken: tokenizer.eos?.text,
  specialTokens: tokenizer.specialTokens,
});
const encode = { tokenizer, template, maxLength };

function make({ line }: RecordPlace): Preview {
  if (fails) throw fails;
  const value: unknown = scene === 'broken' ? { messages: [] } : JSON.parse(source);
  const detection = detectFormat(value as Readonly<Record<string, unknown>>);
  const format = detection.kind === 'known' ? detection.format : undefined;
  return previewRecord(source, line, { format, encode, model: 'support-base' });
}

const calls: unknown[] = [];
const place = (line: number): RecordPlace => ({
  uri: 'file:///data/support-tickets.jsonl',
  file: 'support-tickets.jsonl',
  line,
  record: line - 3,
  records: 3208,
});
const host: PreviewHost = {
  locate: (_uri, line) => place(line),
  neighbour: (_uri, line, by) => line + by,
  nextCut: () => Promise.resolve({ line: undefined, uncounted: 120 }),
  preview: (at) => Promise.resolve().then(() => make(at)),
  reveal: (...values) => Promise.resolve(void calls.push(['reveal', ...values])),
  copyText: (text) => Promise.resolve(void calls.push(['copy', text])),
};

const session = createPreviewSession({
  host,
  post: (message) => window.postMessage(message, '*'),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
});
window.preview = { calls, startedAt: performance.now(), drawn: undefined };
let state: unknown = JSON.parse(query.get('state') ?? 'null');
window.acquireVsCodeApi = () => ({
  postMessage: (message: unknown) => void Promise.resolve().then(() => session.receive(structuredClone(message))),
  getState: () => state,
  setState: (next: unknown) => (state = next),
});
if (scene !== 'empty') session.show('file:///data/support-tickets.jsonl', 2913);

/** Notes when the last token is there. */
function watch(): void {
  const chunks = document.querySelectorAll('.chunk');
  const last = chunks[chunks.length - 1];
  if (last?.firstChild) window.preview.drawn ??= performance.now() - window.preview.startedAt;
  else requestAnimationFrame(watch);
}
watch();
