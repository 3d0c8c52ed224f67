// The fast looks that spare a record the thorough ones: they may say "perhaps" too often, and "no" never wrongly.
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random';
import { formatById } from '../../../src/dataset/formats';
import { turnWords } from '../../../src/dataset/turn-words';
import { findPersonalData, mayHoldPersonalData } from '../../../src/dataset-lsp/text/personal-data';
import { isVaried, repetitionOf } from '../../../src/dataset-lsp/text/repetition';
import { findSecrets, mayHoldSecrets } from '../../../src/dataset-lsp/text/secrets';
import { hidesAscii, mayHold } from '../../../src/dataset-lsp/text/written';

/** JSON with every character as an escape. */
const escaped = (text: string): string =>
  `{"text": "${text.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}"}`;
const written = (text: string): string[] => [
  JSON.stringify({ text }),
  JSON.stringify({ text }).replaceAll('/', '\\/'),
  escaped(text),
];

describe('what the JSON of a record shows', () => {
  it('is what its texts hold, unless it is escaped', () => {
    expect(mayHold('{"text": "a {{b}}"}', '{{')).toBe(true);
    expect(mayHold('{"text": "a \\"b\\" \\n \\u00e9"}'.replace('\\u00e9', 'é'), '{{')).toBe(false);
    expect(mayHold('{"text": "\\u007b{b}}"}', '{{')).toBe(true);
    expect(hidesAscii('{"text": "a\\/b"}')).toBe(true);
    expect(hidesAscii('{"text": "“\\u201d"}')).toBe(false);
  });

  it.each([
    'Write to m.keller@posteo.de.',
    'Call +49 30 90182137, or 415-706-2381.',
    'To DE44 5001 0517 5407 3249 31 please.',
    'Card 4539 1488 0343 6467',
    'used from 81.169.145.78',
    'at 2a02:8109:9d40:1b2c::17',
  ])('is enough to suspect personal data: %s', (text) => {
    expect(findPersonalData(text)).toHaveLength(text.includes('415') ? 2 : 1);
    for (const source of written(text)) expect(mayHoldPersonalData(source)).toBe(true);
    expect(mayHoldPersonalData('{"text": "Nothing of the kind: 3 eggs, 250 g of flour (type 405)."}')).toBe(false);
  });

  it.each([
    `We use ${['AKIA', 'Q3EGRZ7K', 'PLM2VXTA'].join('')} for it.`,
    'mongodb://shop:mP7kX2vQ9zLw@db.shop.io/orders',
    'The password: "hT7$kP2w" is right.',
    'Password\t=\thT7$kP2w!',
    "{'password': 'hT7$kP2w!'}",
    '{"password": "hT7$kP2w!"}',
    'PASSWORD is: hT7$kP2w!x',
  ])('is enough to suspect a secret: %s', (text) => {
    expect(findSecrets(text)).toHaveLength(1);
    for (const source of written(text)) expect(mayHoldSecrets(source)).toBe(true);
    expect(mayHoldSecrets('{"text": "A password that nobody guesses is a long one."}')).toBe(false);
  });
});

describe('a varied text', () => {
  const varied = (text: string, minimumRatio: number): boolean => {
    const turns = formatById('completion').turns({ prompt: 'Go on.', completion: text });
    return isVaried(text, minimumRatio, turnWords(turns), 1);
  };

  it('is one without any repetition', () => {
    const words = 'the rain in south falls on hills and plain it for days before a wind comes from sea again'.split(
      ' ',
    );
    expect(varied(words.join(' '), 0.3)).toBe(true);
    expect(varied('no no no no no no no no no no no no', 0.3)).toBe(false);
  });

  it('is never one in which the thorough look finds repetition', () => {
    const random = createRandom(7);
    const pieces = ['.', '...', '-', '|', '} else {', 'x=f(a,b);', 'a/b/c/d', '数字', 'é', '\u00a0', '\u202f', '\n\n'];
    let repeating = 0;
    let spared = 0;
    for (let i = 0; i < 4000; i++) {
      const vocabulary = Array.from({ length: 3 + random.integer(200) }, () =>
        random.next() < 0.15 ? pieces[random.integer(pieces.length)]! : `w${random.integer(900)}`,
      );
      const part = (): string =>
        Array.from({ length: 5 + random.integer(60) }, () => vocabulary[random.integer(vocabulary.length)]!).join(' ');
      const repeated = part();
      const text = `${part()} ${`${repeated} `.repeat(random.integer(5))}${random.next() < 0.5 ? part() : ''}`;
      const { differentWords, repeatedGrams, loop } = repetitionOf(text);
      const minimum = [0.2, 0.3, 0.5][random.integer(3)]!;
      const repeats = differentWords < minimum || repeatedGrams > 0.5 || loop !== undefined;
      const isSpared = varied(text, minimum);
      if (repeats) repeating++;
      if (isSpared) spared++;
      expect(repeats && isSpared, JSON.stringify(text)).toBe(false);
    }
    expect(repeating).toBeGreaterThan(500);
    expect(spared).toBeGreaterThan(500);
  });
});
