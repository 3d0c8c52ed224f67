import type { Random } from '../../src/common/random';
import { pick } from './pick';

/** A customer as tickets name one: first and last name, both built from syllables. */
export interface Person {
  readonly first: string;
  readonly last: string;
  readonly full: string;
}

/** `evaluation` words never occur in the training data nor in the corpus of the base model, and the other way round. */
export type Split = 'training' | 'evaluation';

export function person(random: Random, split: Split): Person {
  const first = word(split, () => pick(random, STARTS) + pick(random, FIRST_ENDS));
  const last = word(split, () => pick(random, STARTS) + pick(random, MIDDLES) + pick(random, LAST_ENDS));
  return { first, last, full: `${first} ${last}` };
}

export type Kind = 'electric' | 'plain';

export function product(random: Random, split: Split, kind: Kind): { readonly full: string; readonly noun: string } {
  const brand = word(split, () => pick(random, STARTS) + pick(random, BRAND_ENDS));
  const noun = pick(random, NOUNS[kind]);
  return { full: `${brand} ${noun}`, noun: noun.split(' ').at(-1)! };
}

/** Five different digits; the first is not 0. The remainder by 97 decides the split. */
export function orderNumber(random: Random, split: Split): string {
  for (;;) {
    const number = String(10_000 + random.integer(90_000));
    const held = Number(number) % 97 < 12;
    if (new Set(number).size === 5 && held === (split === 'evaluation')) return number;
  }
}

function word(split: Split, build: () => string): string {
  for (;;) {
    const built = build();
    if (reserved(built) === (split === 'evaluation')) return built;
  }
}

/** True for about one word in eight (FNV-1a): those are kept for validation and test. */
export function reserved(text: string): boolean {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (((hash >>> 16) ^ hash) & 7) === 0;
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** First syllables of names and brands. */
export const STARTS = words(`
  Al An Ar Bar Bel Ber Bor Bran Cal Car Cor Dal Dar Del Dor El Er Fal Far Fen Gal Gar Gor Han Har Hel Hol Il Jan Jor
  Kal Kar Kel Kor Lan Lar Len Lor Mal Mar Mel Mor Nal Nel Nor Ol Or Pal Par Pel Por Ral Ren Rol Ros Sal San Sel Sol
  Tal Tan Tel Tor Ul Val Van Vel Ver Wal Wen Wil Yar Yor Zan Zel`);
const FIRST_ENDS = words('a e i o en in is us ka la na ra ta ia ette ine ard ric vin mon da do ko lo ne ny sa');
const MIDDLES = words('a e i o ba be da di do ga go ka ki la li lo ma mi na ni no ra ri ro sa se ta ti to va ve');
const LAST_ENDS = words(`
  son sen er ley wick ford man ov ski dez ti ni rd berg low ton mann lin nen ski va zer rez ker ham stad gard`);
const BRAND_ENDS = words('mo dex va ro lix ta no pex do vio ka nix lo bex ma sto zo tek ri fy');
/** Things that run on electricity, and things that come in sizes. */
const NOUNS: Readonly<Record<Kind, readonly string[]>> = {
  electric: list(`kettle, toaster, blender, mixer, desk lamp, floor lamp, headset, keyboard, monitor, printer, scanner,
    router, speaker, camera, tablet, phone, charger, heater, fan, vacuum cleaner, coffee machine, rice cooker, drill,
    bike light, alarm clock, hair dryer, projector, radio`),
  plain: list(`office chair, garden chair, backpack, suitcase, tent, jacket, raincoat, sweater, bike helmet, bookshelf,
    mattress, carpet, curtain, tablecloth, sleeping bag, cushion, wardrobe, belt, bed cover, wetsuit`),
};

function list(text: string): readonly string[] {
  return text.split(',').map((item) => item.trim().replaceAll(/\s+/g, ' '));
}
