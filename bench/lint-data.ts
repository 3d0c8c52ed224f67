/** Chat records for the benchmark of `check`: varied text, the same for the same seed, with near duplicates in it. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { createRandom, type Random } from '../src/common/random';

/** Share of records that are another one with a few words changed, and of those that are the same. */
const NEAR_DUPLICATES = 0.02;
const DUPLICATES = 0.002;
const WORDS_OF_A_RECORD = 130;

const COMMON =
  'the of and to a in is it you that was for on are with as they be at one have this from or had by not but what all were when we there can an your which their said if do will each about how up out them then she many some so these would other into has more her two like him see time could no make than first been its who now people my made over did down only way find use may water long little very after words called just where most know get through back much before go good new write our used me man too any day same right look think also around another came come work three word must because does part even place well such here take why things help put years different away again off went old number great tell men say small every found still between name should home big give air line set own under read last never us left end along while might next sound below saw something thought both few those always looked show large often together asked house world going want school important until form food keep children feet land side without boy once animal life enough took four head above kind began almost live page got earth need far hand high year mother light country father let night picture being study second soon story since white ever paper hard near sentence better best across during today however sure knew try told young sun thing whole hear example heard several change answer room sea against top turned learn point city play toward five himself usually money seen car morning'.split(
    ' ',
  );
const STEMS =
  'account address agent batch billing browser buffer cable cache channel client cluster column config contact context control customer data date delivery deploy device dialog document domain engine error event export field filter folder format function gateway graph group header image import index input invoice item kernel label layer layout ledger library license limit link list loader locale log login machine manager mapping market matrix memory merge message method metric migrate mobile model module monitor network node notice object office option order output package panel parcel parser partner password payment pipeline plugin policy port process product profile project prompt protocol query queue record refund region release report request reset resource response return review route sample schedule schema screen script search section sensor server service session setting shard signal socket source stage stream supply support switch symbol table target task template tenant thread ticket token topic trace tracking transfer trigger update upload user value vendor version view volume warehouse webhook widget window worker'.split(
    ' ',
  );
const ENDINGS = [
  '',
  's',
  'ing',
  'ed',
  'er',
  'less',
  'able',
  'ment',
  'wise',
  '-id',
  ' name',
  ' list',
  ' rate',
  ' page',
  ' code',
];

/** Writes at least `bytes` bytes. @returns the number of records */
export function writeChatFile(path: string, bytes: number, seed = 1): number {
  const random = createRandom(seed);
  const words = [...COMMON, ...ENDINGS.flatMap((ending) => STEMS.map((stem) => stem + ending))];
  const recent: string[][] = [];
  const fd = openSync(path, 'w');
  let written = 0;
  let records = 0;
  let pending: string[] = [];
  const flush = (): void => {
    writeSync(fd, pending.join(''));
    pending = [];
  };
  while (written < bytes) {
    const turns = nextTurns(random, words, recent);
    const messages = turns.map((content, i) => ({
      role: i === 0 ? 'system' : i % 2 === 1 ? 'user' : 'assistant',
      content,
    }));
    const line = `${JSON.stringify({ messages })}\n`;
    pending.push(line);
    written += line.length;
    records++;
    if (pending.length === 1000) flush();
  }
  flush();
  closeSync(fd);
  return records;
}

function nextTurns(random: Random, words: readonly string[], recent: string[][]): readonly string[] {
  const kind = random.next();
  const old = recent[Math.floor(random.next() * recent.length)];
  if (old && kind < DUPLICATES) return old;
  if (old && kind < DUPLICATES + NEAR_DUPLICATES)
    return old.map((turn, i) => (i < 2 ? turn : turn.replace(/\w+\.$/, `${pick(random, words)}.`)));
  const answers = 1 + Math.floor(random.next() * 3);
  const system = `You are a support assistant of ${pick(random, STEMS)} ${pick(random, STEMS)}. Answer briefly and kindly.`;
  const turns = [system];
  for (let i = 0; i < answers; i++) {
    const length = Math.round((WORDS_OF_A_RECORD / answers) * (0.6 + 0.8 * random.next()));
    turns.push(paragraph(random, words, Math.ceil(length * 0.3)).replace(/\.$/, '?'), paragraph(random, words, length));
  }
  if (recent.length < 1000) recent.push(turns);
  else recent[Math.floor(random.next() * recent.length)] = turns;
  return turns;
}

function paragraph(random: Random, words: readonly string[], length: number): string {
  const sentences: string[] = [];
  for (let left = length; left > 0;) {
    const size = Math.min(left, 6 + Math.floor(random.next() * 12));
    const sentence = Array.from({ length: size }, () => pick(random, words)).join(' ');
    const number = random.next() < 0.1 ? ` (${Math.floor(random.next() * 1000)})` : '';
    sentences.push(`${sentence[0]!.toUpperCase()}${sentence.slice(1)}${number}.`);
    left -= size;
  }
  return sentences.join(random.next() < 0.3 ? '\n' : ' ');
}

/** Common words far more often than rare ones, as in every language. */
function pick(random: Random, words: readonly string[]): string {
  return words[Math.floor(words.length * random.next() ** 3)]!;
}
