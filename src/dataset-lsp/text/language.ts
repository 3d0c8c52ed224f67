/** Languages that are told apart: by their script, or by their most frequent words. */
export type Language =
  | 'English'
  | 'German'
  | 'French'
  | 'Spanish'
  | 'Italian'
  | 'Portuguese'
  | 'Dutch'
  | 'Swedish'
  | 'Polish'
  | 'Turkish'
  | 'Indonesian'
  | 'Romanian'
  | 'Czech'
  | 'Danish'
  | 'Cyrillic'
  | 'Greek'
  | 'Arabic'
  | 'Hebrew'
  | 'Hindi'
  | 'Thai'
  | 'Korean'
  | 'Japanese'
  | 'Chinese';

const STOP_WORDS: readonly (readonly [Language, string])[] = [
  [
    'English',
    'the of and to is that it for was are with they have this from by not but what were we when your which their will would there been has more if can its about than these how you',
  ],
  [
    'German',
    'der die und das ist nicht ein eine sich mit auf den dem des auch wird sind für von werden wie oder aber einen einer haben kann ich sie zum zur bei nur noch über',
  ],
  [
    'French',
    'les des est une dans pour que qui sur pas avec sont plus par ce cette aux mais ont nous vous être leur elle ou était fait comme ses',
  ],
  [
    'Spanish',
    'los las una por con para del como más pero sus este esta son fue también entre ser hay muy puede el desde cuando hasta sobre sin',
  ],
  [
    'Italian',
    'il di che è per una con sono della non del nel alla anche più come gli dei delle questo questa ma essere ha lo si degli',
  ],
  [
    'Portuguese',
    'não uma com para por mais como dos das são foi pelo pela também muito você isso ele ela seu sua em os ao quando mas',
  ],
  [
    'Dutch',
    'het een van en dat niet zijn met voor op aan ook wordt door naar bij maar worden deze kan uit nog hebben wel wat heeft',
  ],
  ['Swedish', 'och att det som är på för av med den till inte har ett om men var jag kan från så vid ska eller när'],
  [
    'Polish',
    'się nie na jest że do jak ale przez dla są od po który tym może być oraz tego lub jego które także bardzo',
  ],
  ['Turkish', 'bir ve bu için ile olarak daha çok olan gibi kadar sonra ne değil olduğu var her ama veya en'],
  [
    'Indonesian',
    'yang dan di untuk dengan pada ini dari adalah dalam tidak itu akan dapat atau oleh juga sebagai anda bisa ke ada',
  ],
  ['Romanian', 'și este care pentru din cu sunt mai pe nu sau acest această fi prin fost au ca într lui'],
  ['Czech', 'se na je že pro jsou jako nebo není být jeho podle které který bylo aby také jen ale byl ve po při tak'],
  [
    'Danish',
    'og det er på med til af ikke som der har kan fra ved jeg også blev eller hvor mere være skal denne efter',
  ],
];

const HASH_BASE = 0x5bd1e995;
const LANGUAGES = STOP_WORDS.map(([language]) => language);

/** Open addressing by the hashes of words: to each the languages that have it, one bit each. */
const SLOTS = 2048;
const slotHashes = new Int32Array(SLOTS);
const slotMasks = new Int32Array(SLOTS);
for (const [i, [, words]] of STOP_WORDS.entries())
  for (const word of words.split(' ')) {
    const slot = slotOf(hashOf(word));
    slotHashes[slot] = hashOf(word);
    slotMasks[slot]! |= 1 << i;
  }

function hashOf(word: string): number {
  let hash = 0;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash + word.charCodeAt(i), HASH_BASE);
  return hash;
}

function slotOf(hash: number): number {
  let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  while (slotMasks[slot] !== 0 && slotHashes[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
  return slot;
}

/** Characters that are looked at. */
const LOOKED_AT = 400;
const GLANCED_AT = 300;
const MINIMUM_LETTERS = 20;
const MINIMUM_HITS = 5;

/** Language of the beginning of a text; `undefined` where that is not plain. */
export function languageOf(text: string): Language | undefined {
  const sample = text.length > LOOKED_AT ? text.slice(0, LOOKED_AT) : text;
  const letters = readLatin(sample);
  if (letters >= 0) return letters < MINIMUM_LETTERS * 3 ? undefined : latinLanguage();
  return languageByScript(sample);
}

const LATIN = 0x250;
let smallLetters: Uint16Array | undefined;
/** Words of the text at hand, and how many of them each language has. */
let wordCount = 0;
const hits = new Uint16Array(STOP_WORDS.length);

function readLetters(): Uint16Array {
  return Uint16Array.from({ length: LATIN }, (_, code) => {
    const letter = String.fromCharCode(code);
    const small = letter.toLowerCase();
    return /\p{L}/u.test(letter) ? (small.length === 1 ? small.charCodeAt(0) : code) : 0;
  });
}

/** Counts the words of a text of Latin letters. @returns the number of its letters; -1 when it holds others */
function readLatin(text: string): number {
  const table = (smallLetters ??= readLetters());
  beginCounting();
  let letters = 0;
  let hash = 0;
  let length = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 0;
    // Dashes and quotation marks are common to all scripts.
    if (code >= LATIN && (code < 0x2010 || code > 0x2027)) return -1;
    const letter = code < LATIN ? table[code]! : 0;
    if (letter !== 0) {
      hash = Math.imul(hash + letter, HASH_BASE);
      length++;
      continue;
    }
    if (length === 0) continue;
    letters += length;
    countWord(hash);
    hash = 0;
    length = 0;
  }
  return letters;
}

function beginCounting(): void {
  wordCount = 0;
  hits.fill(0);
}

function countWord(hash: number): void {
  wordCount++;
  for (let mask = slotMasks[slotOf(hash)]!, i = 0; mask > 0; mask >>>= 1, i++) hits[i]! += mask & 1;
}

function languageByScript(sample: string): Language | undefined {
  const words = sample.toLowerCase().match(/\p{L}[\p{L}\p{M}]*/gu) ?? [];
  let letters = 0;
  const scripts = new Map<Language | 'Latin' | 'other', number>();
  for (const word of words) {
    letters += word.length;
    // Japanese writes two scripts in one word.
    const mixed = word.charCodeAt(0) >= 0x3040;
    for (let i = 0; i < word.length; i += mixed ? 1 : word.length) {
      const script = scriptOf(word.charCodeAt(i));
      scripts.set(script, (scripts.get(script) ?? 0) + (mixed ? 1 : word.length));
    }
  }
  // Kana among Chinese characters make it Japanese.
  const kana = scripts.get('Japanese') ?? 0;
  if (kana * 10 > letters) scripts.set('Japanese', kana + (scripts.get('Chinese') ?? 0)).delete('Chinese');
  const [main, count] = [...scripts].toSorted((a, b) => b[1] - a[1])[0] ?? ['other', 0];
  if (main === 'other' || count < letters * 0.8 || letters < (main === 'Latin' ? MINIMUM_LETTERS * 3 : MINIMUM_LETTERS))
    return undefined;
  if (main !== 'Latin') return main;
  beginCounting();
  for (const word of words) countWord(hashOf(word));
  return latinLanguage();
}

/** The language that most of the counted words are of. */
function latinLanguage(): Language | undefined {
  let best = 0;
  let second = -1;
  for (let i = 1; i < hits.length; i++) {
    if (hits[i]! > hits[best]!) {
      second = best;
      best = i;
    } else if (second < 0 || hits[i]! > hits[second]!) second = i;
  }
  const most = hits[best]!;
  return most >= MINIMUM_HITS && most >= wordCount * 0.12 && most >= hits[second]! * 2 ? LANGUAGES[best] : undefined;
}

function scriptOf(code: number): Language | 'Latin' | 'other' {
  if (code < 0x250 || (code >= 0x1e00 && code < 0x1f00)) return 'Latin';
  if (code < 0x370) return 'other';
  if (code < 0x400) return 'Greek';
  if (code < 0x530) return 'Cyrillic';
  if (code >= 0x590 && code < 0x600) return 'Hebrew';
  if (code >= 0x600 && code < 0x780) return 'Arabic';
  if (code >= 0x900 && code < 0x980) return 'Hindi';
  if (code >= 0xe00 && code < 0xe80) return 'Thai';
  if ((code >= 0xac00 && code < 0xd7b0) || (code >= 0x1100 && code < 0x1200)) return 'Korean';
  if (code >= 0x3040 && code < 0x3100) return 'Japanese';
  if ((code >= 0x4e00 && code < 0xa000) || (code >= 0x3400 && code < 0x4dc0)) return 'Chinese';
  return 'other';
}

/** Two of the commonest words of a language, at most 120 characters apart. */
const COMMON: readonly RegExp[] = [
  'der|die|und|das|ist|nicht|ein|eine|zu|mit',
  'les|des|est|une|dans|pour|et|avec|sur',
  'los|las|y|el|muy|pero|hay',
  'il|di|che|è|per|della|sono|gli',
  'não|uma|com|os|do|da|são|em',
  'het|een|van|dat|niet|voor|wordt',
  'och|att|det|som|är|på|inte',
  'się|nie|na|jest|że|przez|jak',
  'bir|ve|bu|için|ile|olarak',
  'yang|dan|untuk|dengan|ini|pada',
  'și|pentru|din|cu|în|sunt',
].map((words) => new RegExp(`[ \\n](?:${words}) [^]{0,120}?[ \\n](?:${words}) `));
// No other language has these words, so that one of them is enough.
const ENGLISH = / (?:the|of|that|with|your|and|how|what|you|this|from|have|which) /;

// Files are of one language as a rule, so the one that two texts had in common is tried first. It changes no answer.
let likely = ENGLISH;

/** Whether two texts have the language in common that the last ones had: the fastest look of all. */
export function areLikelyAlike(one: string, other: string): boolean {
  return likely.test(one.slice(0, GLANCED_AT)) && likely.test(other.slice(0, GLANCED_AT));
}

/** Whether two texts have a language in common, at a glance. */
export function shareLanguage(one: string, other: string): boolean {
  const a = one.slice(0, GLANCED_AT);
  const b = other.slice(0, GLANCED_AT);
  const script = scriptOf(a.charCodeAt(a.length >> 1));
  if (script !== 'Latin' && script !== 'other' && script === scriptOf(b.charCodeAt(b.length >> 1))) return true;
  const common = [ENGLISH, ...COMMON].find((words) => words.test(a) && words.test(b));
  likely = common ?? likely;
  return common !== undefined;
}
