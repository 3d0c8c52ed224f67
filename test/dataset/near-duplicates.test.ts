import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from '../../src/common/random';
import { firstOfEqual, KeyIndex } from '../../src/dataset/equal-rows';
import { fingerprintOf, wordsOf } from '../../src/dataset/fingerprint';
import { formatById } from '../../src/dataset/formats';
import { jaccard, runsOf, signatureOf, SignatureTable } from '../../src/dataset/minhash';
import { findNearDuplicates, redundantRows, type NearDuplicates } from '../../src/dataset/near-duplicates';
import { readWords, WordList } from '../../src/dataset/words';

interface Row {
  readonly prompt: string;
  readonly completion: string;
}

const completion = formatById('completion');
const asRow = (prompt: string, answer: string): Row => ({ prompt, completion: answer });

function search(rows: readonly Row[], threshold = 0.7): NearDuplicates & { readonly read: number } {
  const signatures = new SignatureTable();
  const contents = new Float64Array(rows.length);
  for (const [i, row] of rows.entries()) {
    const { content, signature } = fingerprintOf(completion.turns({ ...row }));
    contents[i] = content;
    signatures.add(signature);
  }
  let read = 0;
  const steps = findNearDuplicates({
    signatures,
    firsts: firstOfEqual(contents, rows.length),
    threshold,
    wordsOf: (row) => {
      read++;
      return wordsOf(completion.turns({ ...rows[row]! }));
    },
  });
  for (;;) {
    const step = steps.next();
    if (step.done) return { ...step.value, read };
  }
}

/** Words and five-word runs as texts: nothing in common with the hashes of the product. */
function runsAsText({ prompt, completion: answer }: Row): Set<string> {
  const words = `${prompt} ${answer}`
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
  return new Set(words.length < 5 ? [words.join(' ')] : words.slice(4).map((_, i) => words.slice(i, i + 5).join(' ')));
}

const known = new Map<Row, Set<string>>();

function jaccardOfTexts(a: Row, b: Row): number {
  const [x, y] = [a, b].map((row) => {
    const runs = known.get(row) ?? runsAsText(row);
    known.set(row, runs);
    return runs;
  }) as [Set<string>, Set<string>];
  let shared = 0;
  for (const run of x) if (y.has(run)) shared++;
  return shared / (x.size + y.size - shared);
}

const text = (random: Random, words: number): string[] =>
  Array.from({ length: words }, () => `w${random.integer(4000).toString(36)}`);

/** Records of which many are changed copies of others; the share of changed words goes from hardly any to many. */
function generated(seed: number, count: number, words: number): Row[] {
  const random = createRandom(seed);
  const rows: { prompt: string[]; answer: string[] }[] = [];
  for (let i = 0; i < count; i++) {
    const source = i > 5 && random.next() < 0.5 ? rows[i - 1 - random.integer(5)]! : undefined;
    const row = source
      ? { prompt: source.prompt, answer: [...source.answer] }
      : { prompt: text(random, words / 4), answer: text(random, words) };
    if (source) {
      const changes = 1 + random.integer(Math.max(1, words / 12));
      for (let k = 0; k < changes; k++) row.answer[random.integer(words)] = `x${i}${k}`;
    }
    rows.push(row);
  }
  return rows.map(({ prompt, answer }) => asRow(prompt.join(' '), answer.join(' ')));
}

describe('words', () => {
  const wordsIn = (value: string): number => {
    const words = new WordList();
    readWords(value, words);
    return words.length;
  };
  const exact = (value: string): number => readWords(value, new WordList());
  it('are runs of letters and digits; operators and characters of scripts without spaces stand alone', () => {
    expect(wordsIn("The 2nd post-office: it's open.")).toBe(8);
    expect(wordsIn('2+2 = 4')).toBe(5);
    expect(wordsIn('我喜欢学习')).toBe(5);
    expect(wordsIn('한국어 문장')).toBe(2);
    expect(wordsIn('สวัสดี')).toBe(6);
    expect(wordsIn('|------|')).toBe(3);
    expect(wordsIn('哈哈')).toBe(2);
    expect(wordsIn(' \n\t')).toBe(0);
  });
  it('do not regard case, but the hash of the text does, and nothing but the space at its ends is left out', () => {
    const [a, b] = [new WordList(), new WordList()];
    readWords('Über die Brücke', a);
    readWords('über DIE brücke!', b);
    expect(a.hashes.slice(0, 3)).toEqual(b.hashes.slice(0, 3));
    expect(exact('Hello  there')).not.toBe(exact('Hello there'));
    expect(exact('Hello there')).not.toBe(exact('hello there'));
    expect(exact(' Hello there\n')).toBe(exact('Hello there'));
  });
  it('hold texts of any length', () => {
    const words = new WordList();
    readWords('long '.repeat(300_000), words);
    expect(words.length).toBe(300_000);
    words.clear();
    expect(words.hashes.length).toBeLessThan(10_000);
  });
});

describe('the similarity', () => {
  it('is that of the sets of five-word runs', () => {
    const rows = generated(7, 60, 80);
    for (const [i, a] of rows.entries())
      for (const b of rows.slice(i + 1)) {
        const runs = [a, b].map((row) => runsOf(wordsOf(completion.turns({ ...row })).all));
        expect(jaccard(runs[0]!, runs[1]!)).toBeCloseTo(jaccardOfTexts(a, b), 12);
      }
  });
  it('is estimated without bias by the bands, for short and for long texts', () => {
    for (const words of [12, 40, 400]) {
      const random = createRandom(words);
      let bands = 0;
      let expected = 0;
      for (let i = 0; i < 300; i++) {
        const list = text(random, words);
        const changed = [...list];
        changed[random.integer(words)] = `y${i}`;
        const [a, b] = [list, changed].map((one) => asRow('', one.join(' '))) as [Row, Row];
        const signatures = [a, b].map((row) => signatureOf(wordsOf(completion.turns({ ...row })).all)!);
        bands += signatures[0]!.filter((band, k) => band === signatures[1]![k]).length / 16;
        expected += jaccardOfTexts(a, b) ** 4;
      }
      expect(bands / 300).toBeGreaterThan(expected / 300 - 0.08);
      expect(bands / 300).toBeLessThan(expected / 300 + 0.12);
    }
  });
});

describe('the search', () => {
  it.each([
    [40, 0.97],
    [120, 0.97],
    [400, 0.97],
  ])('finds what comparing all pairs finds, in records of about %i words', (words, recall) => {
    let found = 0;
    let all = 0;
    for (const seed of [1, 2]) {
      const rows = generated(seed, words > 200 ? 120 : 240, words);
      const near = search(rows);
      const pairs = rows.flatMap((a, i) =>
        rows.slice(i + 1).flatMap((b, k) => {
          const similarity = jaccardOfTexts(a, b);
          return similarity >= 0.7 && similarity < 1 ? [[i, i + 1 + k] as const] : [];
        }),
      );
      const groupOf = new Map(near.groups.flatMap((group, g) => group.map((row) => [row, g] as const)));
      all += pairs.length;
      found += pairs.filter(([a, b]) => groupOf.has(a) && groupOf.get(a) === groupOf.get(b)).length;
      // Every group is held together by similarities of at least the threshold, and what it says of them is true.
      for (const [row, neighbour] of near.neighbours) {
        expect(neighbour.similarity).toBeGreaterThanOrEqual(0.7);
        expect(neighbour.similarity).toBeCloseTo(jaccardOfTexts(rows[row]!, rows[neighbour.row]!), 12);
      }
    }
    expect(all).toBeGreaterThan(60);
    expect(found / all).toBeGreaterThan(recall);
  });
  it('gives the same answer again, and the same groups in another order of the records', () => {
    const rows = generated(5, 200, 60);
    const order = createRandom(9).shuffle(rows.map((_, i) => i));
    const named = (groups: readonly (readonly number[])[], name: (row: number) => number): string[] =>
      groups
        .map((group) =>
          group
            .map(name)
            .sort((a, b) => a - b)
            .join(),
        )
        .sort();
    const near = search(rows);
    expect(near.groups.length).toBeGreaterThan(10);
    expect(search(rows)).toMatchObject({ groups: near.groups, neighbours: near.neighbours });
    const shuffled = search(order.map((row) => rows[row]!));
    expect(named(shuffled.groups, (row) => order[row]!)).toEqual(named(near.groups, (row) => row));
  });
  it('does not call records alike that share a long template', () => {
    const random = createRandom(3);
    const template = text(random, 200).join(' ');
    const rows = Array.from({ length: 400 }, () =>
      asRow(`${template} ${text(random, 25).join(' ')}`, text(random, 15).join(' ')),
    );
    const changed = asRow(rows[17]!.prompt, `${rows[17]!.completion} really`);
    const near = search([...rows, changed]);
    expect(near.groups).toEqual([[17, 400]]);
    // Far fewer than the 80,000 pairs.
    expect(near.read).toBeLessThan(6000);
  });
  it('does not call several questions about one text alike', () => {
    const passage = text(createRandom(4), 150).join(' ');
    const rows = ['when was it built', 'who built it then', 'where is it now'].map((question, i) =>
      asRow(`${passage} ${question}`, ['in the year 1890', 'a mason called Ann', 'near the old harbour'][i]!),
    );
    expect(search(rows).groups).toEqual([]);
  });
  it('compares short records word for word', () => {
    const rows = [
      asRow('Hi', 'Hello!'),
      asRow('hi!', 'Hello.'),
      asRow('Hi', 'Hey!'),
      asRow('What is 2+2?', 'It is 4.'),
      asRow('What is 2-2?', 'It is 4.'),
      asRow('', ''),
      asRow('?', '!'),
    ];
    expect(search(rows).groups).toEqual([[0, 1]]);
  });
  it('compares texts without spaces by their characters', () => {
    const base = '从前有座山山上有座庙庙里有个老和尚在给小和尚讲故事他讲的故事是关于一只狐狸和一只乌鸦的';
    const rows = [
      asRow('请讲一个故事', base),
      asRow('请讲一个故事', base.replace('乌鸦', '老鹰')),
      asRow('请讲一个故事', '今天天气很好我们一起去公园散步看到了许多美丽的花朵和可爱的小鸟大家都非常高兴'),
    ];
    expect(search(rows).groups).toEqual([[0, 1]]);
  });
  it('finds a cluster of thousands without comparing all of it', () => {
    const base = text(createRandom(6), 80);
    const rows = Array.from({ length: 3000 }, (_, i) => asRow('Write the report.', [...base, `number${i}`].join(' ')));
    const near = search([...rows, ...generated(8, 3000, 60)], 0.7);
    expect(near.groups[0]!.length).toBe(3000);
    expect(near.read).toBeLessThan(40_000);
  });
  it('keeps the longest answers of a group, and what is near to none of them', () => {
    const near = { similarity: (a: number, b: number) => (Math.abs(a - b) === 1 ? 0.9 : 0.1) };
    const removed = redundantRows(near, [0, 1, 2, 3], 0.7, [10, 20, 30, 5]);
    expect(removed.map(({ redundant, row }) => [redundant, row])).toEqual([
      [1, 2],
      [3, 2],
    ]);
  });
});

describe('equal rows', () => {
  it('are those of a map', () => {
    const random = createRandom(2);
    const keys = Float64Array.from({ length: 5000 }, () => random.integer(900) * 2 ** 33 + random.integer(3));
    const map = new Map<number, number>();
    const expected = Array.from(keys, (key, row) => {
      if (!map.has(key)) map.set(key, row);
      return map.get(key)!;
    });
    expect([...firstOfEqual(keys, keys.length)]).toEqual(expected);
    const index = new KeyIndex(keys, keys.length);
    for (let row = 0; row < 100; row++) index.add(row);
    expect(index.find(keys[50]!)).toBe(expected[50]);
    expect(index.find(1)).toBeUndefined();
  });
});
