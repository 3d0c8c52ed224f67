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
      if (value === undefined || !/\\u[dD][89a-fA-F]/.test(source)) return;
      for (const match of source.matchAll(/(?:\\u[0-9a-fA-F]{4})+/g)) {
        // An even number of backslashes before it makes the first one an ordinary character.
        const slashes = /\\*$/.exec(source.slice(0, match.index))![0].length;
        if (slashes % 2 === 1) continue;
        const text = JSON.parse(`"${match[0]}"`) as string;
        if (!/\p{Surrogate}/u.test(text)) continue;
        report({
          message: 'This escape is half of a surrogate pair, which is no character. Complete the pair or remove it.',
          range: { start: match.index, end: match.index + match[0].length },
        });
      }
    },
  },
});
