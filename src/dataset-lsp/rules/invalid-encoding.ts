import { defineRule } from './rule';

export const invalidEncoding = defineRule({
  meta: {
    id: 'invalid-encoding',
    title: 'File is not plain UTF-8',
    why: 'Bytes that cannot be decoded turn into replacement characters, and the model learns to write them. Half of a surrogate pair is no character at all.',
    whatToDo: 'Save the file as UTF-8 without a byte order mark, from the source where the text is still right.',
    defaultSeverity: 'error',
    locked: true,
    options: {},
    fixes: 'both',
    examples: {
      valid: [{ text: '{"text": "Smile \\ud83d\\ude00 please"}\n' }, { text: '{"text": "Grüße, 日本語, 🙂"}\n' }],
      invalid: [
        { text: '\uFEFF{"text": "A byte order mark."}\n', lines: [1] },
        { text: '{"text": "Fine here."}\n{"text": "Half a pair: \\ud83d"}\n', lines: [2] },
      ],
    },
  },
  check: {
    file({ encoding }, report) {
      for (const { line, column, message } of encoding)
        report({ line, message, range: { start: column - 1, end: column } });
    },
    line({ source, value }, report) {
      // Only an escape can bring half a pair through UTF-8.
      if (value === undefined || !source.includes('\\u') || !/\\u[dD][89a-fA-F]/.test(source)) return;
      for (const match of source.matchAll(/(?:\\u[0-9a-fA-F]{4})+/g)) {
        // An even number of backslashes before it makes the first one an ordinary character.
        const slashes = /\\*$/.exec(source.slice(0, match.index))![0].length;
        if (slashes % 2 === 1) continue;
        const halves = loneHalves(match[0]);
        if (halves.length === 0) continue;
        const edits = halves.map((at) => ({ start: match.index + at, end: match.index + at + 6, text: '' }));
        report({
          message: 'This escape is half of a surrogate pair, which is no character. Complete the pair or remove it.',
          range: { start: match.index, end: match.index + match[0].length },
          fixes: () => [{ title: 'Remove the half of a pair', safe: false, edits }],
        });
      }
    },
  },
});

/** Offsets of the escapes in a run of `\\uXXXX` that are half of a surrogate pair. */
function loneHalves(run: string): number[] {
  const found: number[] = [];
  const codes = run.match(/[0-9a-fA-F]{4}/g)!.map((hex) => Number.parseInt(hex, 16));
  for (let i = 0; i < codes.length; i++) {
    const high = codes[i]! >= 0xd800 && codes[i]! < 0xdc00;
    const low = (code: number): boolean => code >= 0xdc00 && code < 0xe000;
    if (high && i + 1 < codes.length && low(codes[i + 1]!)) i++;
    else if (high || low(codes[i]!)) found.push(i * 6);
  }
  return found;
}
