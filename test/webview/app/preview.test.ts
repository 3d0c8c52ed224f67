import { describe, expect, it } from 'vitest';
import type { Preview, PreviewText } from '../../../src/dataset/preview';
import { countTokens, kindOf, type PreviewToken } from '../../../src/dataset/preview-tokens';
import { planChunks } from '../../../src/webview/app/preview/chunks';
import { plainText } from '../../../src/webview/app/preview/token-element';
import { adviceFor, describePreview, stretchesOf, tokenWords, turnWords } from '../../../src/webview/app/preview/words';

/** One letter a token: `t`rained, `m`asked; those from `maxLength` on are cut off. */
function textOf(labels: string, maxLength: number, lastSpecial = false): PreviewText {
  const tokens = [...labels].map((label, i): PreviewToken => ({
    id: i,
    text: ` ${label}`,
    kind: kindOf(label === 't', i < maxLength),
    special: lastSpecial && i === labels.length - 1,
  }));
  const counts = countTokens(tokens, 0, tokens.length);
  return { name: 'record', note: '', tokens, turns: [], counts };
}

describe('advice', () => {
  it('is silent about a record that is whole', () => {
    expect(adviceFor(textOf('mmtt', 4), 4)).toBeUndefined();
  });
  it('counts the trained tokens that are lost, and names the end of the turn', () => {
    const advice = adviceFor(textOf('mmtttt', 4, true), 4)!;
    expect(advice.color).toBe('bad');
    expect(advice.strong).toBe('2 of 4 trained tokens are lost');
    expect(advice.rest).toBe('because the example has 6 tokens and the maximum length is 4.');
    expect(advice.more).toContain('end-of-turn token is among them');
    expect(advice.keepsAll).toBe(32);
    expect(adviceFor(textOf('mmttttm', 4), 4)!.more).toBe('');
  });
  it('says when nothing is left, and when only what is read is lost', () => {
    expect(adviceFor(textOf('mmtt', 2), 2)!.strong).toBe('Nothing is trained: all 2 trained tokens are lost');
    expect(adviceFor(textOf('mm', 2), 2)!.strong).toBe('Nothing is trained.');
    expect(adviceFor({ ...textOf('mm', 2), note: 'Not trained.' }, 2)).toBeUndefined();
    expect(adviceFor(textOf('ttm', 2), 2)).toMatchObject({ color: 'warn', strong: '1 token is cut off' });
  });
});

describe('words', () => {
  it('name token, id, text and what becomes of it', () => {
    const { tokens } = textOf('mtt', 2, true);
    expect(tokenWords(tokens, 0)).toBe('Token 1 of 3 · id 0 · “·m” · masked: read, not trained');
    expect(tokenWords(tokens, 2)).toBe('Token 3 of 3 · id 2 · “·t” · cut off, would have been trained · special token');
  });
  it('count a turn', () => {
    const words = (labels: string, at: number): string => turnWords(textOf(labels, at).counts);
    expect([words('mm', 2), words('mtt', 3), words('mtt', 2), words('mm', 1)]).toEqual([
      '0 trained',
      '2 trained',
      '1 of 2 trained',
      '1 cut off',
    ]);
  });
  it('describe how the record is read', () => {
    const preview: Preview = {
      line: 1,
      format: 'chat',
      template: 'model',
      maxLength: 1,
      model: 'SmolLM2-135M',
      estimate: false,
      texts: [],
      problem: null,
    };
    expect(describePreview(preview)).toBe('chat · SmolLM2-135M, its own chat template');
    expect(describePreview({ ...preview, model: null, estimate: true, template: 'chatml' })).toBe(
      'chat · default vocabulary, chat template chatml',
    );
    expect(describePreview({ ...preview, format: 'text', template: null })).toBe(
      'text · SmolLM2-135M, no chat template',
    );
    expect(describePreview({ ...preview, format: null, problem: { message: '', hint: '' } })).toBe('unknown format');
  });
});

describe('pieces of a long text', () => {
  const tokens = (texts: readonly string[]): PreviewToken[] =>
    texts.map((text, id) => ({ id, text, kind: 'masked', special: false }));
  const cover = (chunks: readonly { start: number; end: number }[], start: number, end: number): void => {
    expect(chunks[0]!.start).toBe(start);
    expect(chunks.at(-1)!.end).toBe(end);
    chunks.slice(1).forEach((chunk, i) => expect(chunk.start).toBe(chunks[i]!.end));
  };
  it('end at line ends, and at the maximum length', () => {
    const list = tokens(Array.from({ length: 2000 }, (_, i) => (i % 40 === 39 ? '.\n' : ' x')));
    const chunks = planChunks(list, { start: 5, end: 2000 }, 1001);
    cover(chunks, 5, 2000);
    for (const { end } of chunks) expect(end === 2000 || end === 1001 || list[end - 1]!.text === '.\n').toBe(true);
    expect(chunks.some(({ end }) => end === 1001)).toBe(true);
    expect(Math.max(...chunks.map(({ start, end }) => end - start))).toBeLessThan(300);
  });
  it('are small even where no line ends, and begin with a word', () => {
    const list = tokens(Array.from({ length: 5000 }, (_, i) => (i % 3 === 0 ? ' x' : 'y')));
    const chunks = planChunks(list, { start: 0, end: 5000 }, 1e9);
    cover(chunks, 0, 5000);
    expect(chunks.length).toBeGreaterThan(7);
    for (const { start } of chunks) expect(list[start]!.text).toBe(' x');
    const glued = planChunks(tokens(Array.from({ length: 2000 }, () => 'y')), { start: 0, end: 2000 }, 1e9);
    expect(Math.max(...glued.map(({ start, end }) => end - start))).toBeLessThan(700);
  });
  it('of an empty turn are none', () => {
    expect(planChunks([], { start: 0, end: 0 }, 9)).toEqual([]);
  });
});

it('the bar has one stretch for neighbours of a kind', () => {
  expect(stretchesOf(textOf('mmttmt', 5).tokens)).toEqual([
    { kind: 'masked', count: 2 },
    { kind: 'trained', count: 2 },
    { kind: 'masked', count: 1 },
    { kind: 'lost-trained', count: 1 },
  ]);
});

it('copies text without the bytes of split characters', () => {
  const texts = [' a', '⟨F0 9F⟩', '⟨98 80⟩😀', '⟨x⟩\n'];
  const tokens = texts.map((text, id): PreviewToken => ({ id, text, kind: 'trained', special: false }));
  expect(plainText(tokens, 0, 4)).toBe(' a😀⟨x⟩\n');
  expect(plainText(tokens, 2, 3)).toBe('😀');
});
