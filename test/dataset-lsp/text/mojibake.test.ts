import { describe, expect, it } from 'vitest';
import { findMojibake, repairMojibake } from '../../../src/dataset-lsp/text/mojibake';

const cp1252 = new TextDecoder('windows-1252');
/** UTF-8 read in the wrong character set, by the platform's own decoder. */
const spoil = (text: string): string => cp1252.decode(new TextEncoder().encode(text));

const TEXTS = [
  'Le café à côté de la forêt',
  'Größe: 12 µm, müde Bären',
  'It isn’t “over” — it’s 20 €…',
  'Zażółć gęślą jaźń, proszę',
  'Příliš žluťoučký kůň',
  'Привет, как дела?',
  'Καλημέρα κόσμε',
  'שלום עולם',
  'مرحبا بالعالم',
  '日本語のテキスト',
  '你好，世界',
  '안녕하세요 여러분',
  'Nice 😀 work 🚀',
  'São Paulo, coração',
  'Ångström, Øresund',
  'नमस्ते दुनिया',
  'สวัสดีชาวโลก',
  'İstanbul’da güneşli',
  '25 °C ± 2',
  '™ © ®',
];

describe('repair', () => {
  it.each(TEXTS)('gives back %j', (text) => {
    expect(findMojibake(spoil(text))).not.toEqual([]);
    expect(repairMojibake(spoil(text))).toBe(text);
    expect(repairMojibake(spoil(spoil(text)))).toBe(text);
    expect(repairMojibake(text)).toBe(text);
  });
  it('knows Latin-1, too', () => {
    const latin1 = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text));
    for (const text of TEXTS) expect(repairMojibake(latin1(text))).toBe(text);
  });
  it('keeps what is right beside it', () => {
    expect(repairMojibake('café, cafÃ© and naïve')).toBe('café, café and naïve');
  });
});

describe('text that is meant as it stands', () => {
  it.each([
    '« Le café à la crème » : voilà, l’été…',
    'À « É », déjà\u00a0», né…',
    '«LIBERTÉ»',
    'IRMÃ» e “MAÇÔ',
    'SÃO PAULO',
    'Ä…hm',
    'på Å…',
    'Tiếng Việt: Ấn Độ, đường phố, ÂM NHẠC',
    'Crème brûlée – 5 €',
    'naïve façade',
    'Ð is an Icelandic letter, Ñ a Spanish one',
    'âme, bâtiment, pâte',
    'Ünïcödé',
    '½ × ¾ ÷ ¼',
    'été”…',
    'ESPAÑA',
    'Русский текст «в кавычках»',
    '«Ô», dit-il',
  ])('%j', (text) => expect(findMojibake(text)).toEqual([]));
});
