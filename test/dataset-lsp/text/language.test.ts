import { describe, expect, it } from 'vitest';
import { languageOf, shareLanguage, type Language } from '../../../src/dataset-lsp/text/language';

const SAMPLES: readonly (readonly [Language, string])[] = [
  [
    'English',
    'The tides are caused by the gravity of the moon and the sun, and they are not equally strong in all parts of the world.',
  ],
  [
    'German',
    'Die Gezeiten entstehen durch die Anziehung des Mondes, und sie sind nicht überall auf der Erde gleich stark.',
  ],
  [
    'French',
    'Les marées sont causées par la gravité de la lune et du soleil, et elles ne sont pas aussi fortes dans toutes les régions.',
  ],
  [
    'Spanish',
    'Las mareas son causadas por la gravedad de la luna y del sol, pero no son igual de fuertes en todas las partes del mundo.',
  ],
  [
    'Italian',
    'Le maree sono causate dalla gravità della luna e del sole, ma non sono ugualmente forti in tutte le parti del mondo, come si vede.',
  ],
  [
    'Portuguese',
    'As marés são causadas pela gravidade da lua e do sol, mas não são igualmente fortes em todas as partes do mundo, como já foi dito.',
  ],
  [
    'Dutch',
    'De getijden worden veroorzaakt door de zwaartekracht van de maan en de zon, en ze zijn niet overal op aarde even sterk.',
  ],
  [
    'Swedish',
    'Tidvattnet orsakas av månens och solens dragningskraft, och det är inte lika starkt på alla platser som ligger vid havet.',
  ],
  [
    'Polish',
    'Pływy są spowodowane przez grawitację księżyca i słońca, ale nie są tak samo silne, jak może się wydawać, na całym świecie.',
  ],
  ['Cyrillic', 'Приливы вызываются притяжением луны и солнца, и они не везде на земле одинаково сильны.'],
  ['Chinese', '潮汐是由月亮和太阳的引力引起的，在世界各地的强度并不相同，这一点大家都知道。'],
  ['Japanese', '潮の満ち引きは月と太陽の引力によって起こり、世界のどこでも同じ強さではありません。'],
  ['Korean', '조수는 달과 태양의 인력에 의해 발생하며 세계 모든 곳에서 똑같이 강하지는 않습니다.'],
  ['Arabic', 'تحدث ظاهرة المد والجزر بسبب جاذبية القمر والشمس وليست بنفس القوة في كل مكان في العالم.'],
];

describe('languageOf', () => {
  it.each(SAMPLES)('knows %s', (language, text) => {
    expect(languageOf(text)).toBe(language);
  });
  it.each([
    '',
    '42',
    'x = y + z',
    'Berlin, Paris, London, Madrid, Rome, Lisbon, Warsaw, Vienna, Prague, Athens',
    'No.',
  ])('says nothing about %j', (text) => {
    expect(languageOf(text)).toBeUndefined();
  });
});

describe('shareLanguage', () => {
  it('never holds two languages for one', () => {
    for (const [one, first] of SAMPLES)
      for (const [other, second] of SAMPLES) {
        const related = ['Chinese', 'Japanese'].includes(one) && ['Chinese', 'Japanese'].includes(other);
        if (one !== other && !related) expect([one, other, shareLanguage(first, second)]).toEqual([one, other, false]);
      }
  });
  it('sees at a glance that most texts are in one', () => {
    for (const [, text] of SAMPLES.slice(0, 4)) expect(shareLanguage(text, text)).toBe(true);
  });
});
