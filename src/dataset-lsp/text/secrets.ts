import { charSet, eachRun, hasRun } from './char-runs';
import { withoutOverlaps } from './overlaps';
import { hidesAscii } from './written';

/** A credential in a text. */
export interface Secret {
  /** With its article: `an OpenAI API key`. */
  readonly what: string;
  readonly start: number;
  readonly end: number;
  /** What stands for it in a text that was cleaned. */
  readonly replacement: string;
}

interface Pattern {
  readonly what: string;
  readonly replacement: string;
  /** Group 1 is the secret; without groups, all of it is. Tried at long tokens only. */
  readonly pattern: RegExp;
  /** Characters at the beginning that are the same in every key. */
  readonly prefix: RegExp;
}

const KEY = '[API_KEY]';
const TOKEN = '[TOKEN]';
const PASSWORD = '[PASSWORD]';
const START = String.raw`(?<![A-Za-z0-9_])`;

function key(what: string, body: string, prefix: RegExp, replacement = KEY): Pattern {
  return { what, replacement, prefix, pattern: new RegExp(START + body, 'dg') };
}

/** The most specific first: what one has found, the next do not look at. */
const PATTERNS: readonly Pattern[] = [
  key('an Anthropic API key', 'sk-ant-[a-z0-9]{2,12}-[A-Za-z0-9_-]{20,200}', /^sk-ant-[a-z0-9]+-/),
  key('an OpenRouter API key', 'sk-or-v1-[a-f0-9]{64}', /^sk-or-v1-/),
  key('an OpenAI API key', 'sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,200}', /^sk-[A-Za-z]+-/),
  key('an OpenAI API key', 'sk-[A-Za-z0-9]{32,64}', /^sk-/),
  key('an AWS access key', '(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])', /^A[A-Z]{3}/),
  key(
    'a GitHub token',
    '(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})',
    /^(?:gh\w_|github_pat_)/,
    TOKEN,
  ),
  key('a GitLab token', 'gl(?:pat|dt|rt|cbt|ptt|ft|oas|soat)-[A-Za-z0-9_-]{20,64}', /^gl[a-z]+-/, TOKEN),
  key('a Slack token', 'xox[abeoprs]-[A-Za-z0-9-]{20,255}', /^xox\w-/, TOKEN),
  key('a Slack token', String.raw`xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]+`, /^xapp-/, TOKEN),
  key(
    'a Slack webhook',
    String.raw`hooks\.slack\.com/services/(T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24})`,
    /^T/,
    TOKEN,
  ),
  key('a Stripe key', '[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}', /^[sr]k_(?:live|test)_/),
  key('a Stripe webhook secret', 'whsec_[A-Za-z0-9+/=]{32,64}', /^whsec_/),
  key('a Google API key', 'AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])', /^AIza/),
  key('a Google OAuth client secret', 'GOCSPX-[A-Za-z0-9_-]{28}', /^GOCSPX-/),
  key('a Google OAuth token', String.raw`ya29\.[A-Za-z0-9_-]{30,500}`, /^ya29\./, TOKEN),
  key('a Hugging Face token', 'hf_[A-Za-z0-9]{34}(?![A-Za-z0-9])', /^hf_/, TOKEN),
  key('an npm token', 'npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])', /^npm_/, TOKEN),
  key('a PyPI token', 'pypi-AgE[A-Za-z0-9_-]{50,1000}', /^pypi-/, TOKEN),
  key('a Groq API key', 'gsk_[A-Za-z0-9]{40,64}', /^gsk_/),
  key('a DigitalOcean token', 'do[opr]_v1_[a-f0-9]{64}', /^do\w_v1_/, TOKEN),
  key('a SendGrid API key', String.raw`SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}`, /^SG\./),
  key('a Telegram bot token', String.raw`\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])`, /^\d+:/, TOKEN),
  // The token that jwt.io shows, with "John Doe" in it, is in countless tutorials.
  key(
    'a JSON web token',
    String.raw`eyJ[A-Za-z0-9_-]{8,1000}\.eyJ(?!zdWIiOiIxMjM0NTY3ODkw)[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{20,1000}`,
    /^eyJ/,
    TOKEN,
  ),
  {
    what: 'a connection string with a password',
    replacement: PASSWORD,
    prefix: /^/,
    pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{1,64}:([^\s:/@]{6,128})@[\w.[-]/dg,
  },
];

const TOKENS = charSet(/[A-Za-z0-9_\-+/=.:@%~!$*&?#^]/);
const SHORTEST = 20;
const PASSWORD_WORDS = ['passw', 'Passw', 'PASSW'];
/** What `findPassword` looks for, as JSON writes it. */
const WRITTEN_PASSWORD = /passw(?:or)?d(?:\\?["'`\]]){0,2}(?: |\\t){0,4}(?:[:=]|is:)/i;
const KEY_HEAD = '-----BEGIN ';
const ASSIGNED =
  /(?:pass(?:wor)?d|pwd|secret|api[_-]?key|secret[_-]?key|access[_-]?key|(?:access|auth|bearer|api)[_-]?token|client[_-]?secret)["'`\]]{0,2}[ \t]{0,4}(?:[:=]|:=|=>)[ \t]{0,4}["'`]?$/i;

/** Whether a record may hold what `findSecrets` finds. @param source its JSON */
export function mayHoldSecrets(source: string): boolean {
  return (
    hasRun(source, TOKENS, SHORTEST) ||
    (PASSWORD_WORDS.some((word) => source.includes(word)) && WRITTEN_PASSWORD.test(source)) ||
    source.includes(KEY_HEAD) ||
    hidesAscii(source)
  );
}

/** Finds credentials; those that are plainly made up for an example are none. In order of their place. */
export function findSecrets(text: string): Secret[] {
  const found: Secret[] = [];
  const add = (what: string, replacement: string, start: number, end: number): void => {
    found.push({ what, replacement, start, end });
  };
  eachRun(text, TOKENS, SHORTEST, (start, end) => {
    // A picture or an archive in base64 is as long as a book.
    if (end - start <= 8192) findInToken(text, start, end, add);
  });
  for (const at of placesOf(text, PASSWORD_WORDS)) findPassword(text, at, add);
  for (let at = text.indexOf(KEY_HEAD); at >= 0; at = text.indexOf(KEY_HEAD, at + 1)) {
    const end = privateKeyEnd(text, at);
    if (end > 0) add('a private key', '[PRIVATE_KEY]', at, end);
  }
  return withoutOverlaps(found);
}

type Add = (what: string, replacement: string, start: number, end: number) => void;

function findInToken(text: string, start: number, end: number, add: Add): void {
  const run = text.slice(start, end);
  for (const { what, replacement, prefix, pattern } of PATTERNS) {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(run); match; match = pattern.exec(run)) {
      const [from, to] = match.indices![1] ?? match.indices![0]!;
      const secret = run.slice(from, to);
      const body = secret.replace(prefix, '');
      const real = replacement === PASSWORD ? isPassword(body) : !isPlaceholder(body);
      if (real) add(what, replacement, start + from, start + to);
    }
  }
  // `api_key = "…"`: the name of the variable says it, and in `api_key=…` it is in the same run.
  const inside = /[:=](?=[^:=]{12,}$)/.exec(run);
  const from = inside ? inside.index + 1 : 0;
  const before = text.slice(Math.max(0, start - 40), start + from);
  if (!ASSIGNED.test(before) || /[([]/.test(text[end] ?? '')) return;
  const value = /^[A-Za-z0-9_\-+/=~!$*&?#^]+/.exec(run.slice(from))?.[0] ?? '';
  if (value.length >= SHORTEST && isRandom(value))
    add('a secret', '[SECRET]', start + from, start + from + value.length);
}

/** `password = "…"`, shorter than the tokens above. */
function findPassword(text: string, at: number, add: Add): void {
  const match = /^passw(?:or)?d["'`\]]{0,2}[ \t]{0,4}(?:[:=]|=>|is:)[ \t]{0,4}["'`]?([^\s"'`,;()[\]{}<>]{8,64})/i.exec(
    text.slice(at, at + 120),
  );
  if (!match) return;
  const start = at + match[0].length - match[1]!.length;
  const value = match[1]!.replace(/[.:?]$/, '');
  // A call or an element of a list is the name of one.
  const isCall = /[([]/.test(text[start + match[1]!.length] ?? '');
  if (isPassword(value) && !isCall) add('a password', PASSWORD, start, start + value.length);
}

function privateKeyEnd(text: string, at: number): number {
  const head = /^-----BEGIN (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----/.exec(text.slice(at, at + 80));
  if (!head) return 0;
  const body = at + head[0].length;
  const tail = text.indexOf('-----END ', body);
  const end = tail < 0 ? text.length : tail;
  const letters = text.slice(body, Math.min(end, body + 4096)).replace(/[^A-Za-z0-9+/]/g, '');
  if (letters.length < 64 || isPlaceholder(letters) || text.slice(body, end).includes('...')) return 0;
  if (tail < 0) return end;
  const close = text.indexOf('-----', tail + 9);
  return close < 0 ? end : close + 5;
}

function placesOf(text: string, words: readonly string[]): number[] {
  const places: number[] = [];
  for (const word of words)
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) places.push(at);
  return places;
}

const MADE_UP =
  /x{4}|\*{3}|\.{3}|(.)\1{4}|example|your|placeholder|dummy|fake|sample|test|demo|redacted|secret|token|insert|replace|change|abcdef|12345|98765|000000|aabbcc|deadbeef|qwert|asdf|foobar|pass/i;

function isPlaceholder(body: string): boolean {
  return MADE_UP.test(body.slice(0, 200)) || bitsPerCharacter(body.slice(0, 200)) < 3;
}

/** Chosen by a generator, so far as one can see: letters and digits without order. */
function isRandom(value: string): boolean {
  return /\d/.test(value) && /[A-Za-z]/.test(value) && !isPlaceholder(value) && bitsPerCharacter(value) >= 3.3;
}

/** Three kinds of characters, and none of the words that examples are written with. */
function isPassword(value: string): boolean {
  const plain = value.replace(/[@4]/g, 'a').replace(/0/g, 'o').replace(/[$5]/g, 's');
  if (value.length < 8 || /^[$%{<[]|[/\\]|\.\w+\./.test(value) || MADE_UP.test(value) || MADE_UP.test(plain))
    return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
  return kinds >= 3 && /\d/.test(value) && bitsPerCharacter(value) >= 2.7;
}

/** Shannon entropy of the characters. */
function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
