import { FORMATS } from '../../dataset/formats';
import { RecordEditor, type Fix, type LineEdit } from '../fixes';
import { defineRule } from './rule';

/** Names that other data sets use, by the pair of keys that this project reads. */
const RENAMES: readonly { readonly keys: readonly [string, string]; readonly to: readonly [string, string] }[] = [
  { keys: ['instruction', 'response'], to: ['instruction', 'output'] },
  { keys: ['instruction', 'answer'], to: ['instruction', 'output'] },
  { keys: ['instruction', 'completion'], to: ['instruction', 'output'] },
  { keys: ['prompt', 'response'], to: ['prompt', 'completion'] },
  { keys: ['prompt', 'answer'], to: ['prompt', 'completion'] },
  { keys: ['prompt', 'output'], to: ['prompt', 'completion'] },
  { keys: ['question', 'answer'], to: ['prompt', 'completion'] },
  { keys: ['input', 'output'], to: ['instruction', 'output'] },
  { keys: ['query', 'response'], to: ['prompt', 'completion'] },
];

/** Also reports a file without any record: it has no format either. */
export const unknownFormat = defineRule({
  meta: {
    id: 'unknown-format',
    title: 'Format of the file is not known',
    why: 'The keys of the first record say what the fields mean. Without a known format nothing can be trained.',
    whatToDo: 'Rename the keys to those of a known format, or convert the records.',
    defaultSeverity: 'error',
    locked: true,
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [{ text: '{"prompt": "Where is my parcel?", "completion": " It is on its way."}\n' }],
      invalid: [
        { text: '{"question": "Where is my parcel?", "answer": "It is on its way."}\n', lines: [1] },
        { text: '\n', lines: [1] },
        { text: '', lines: [1] },
      ],
    },
  },
  check: {
    file({ detection, first, records, document, encoding }, report) {
      if (records === 0 && encoding.length === 0)
        report({ line: 1, message: 'The file holds no record. Put one JSON object on each line.' });
      if (!first || document || detection.kind === 'known') return;
      const keys = Object.keys(first.value);
      const shown =
        keys
          .slice(0, 6)
          .map((key) => JSON.stringify(key))
          .join(', ') + (keys.length > 6 ? ', …' : '');
      const rename = RENAMES.find((one) => one.keys.every((key) => keys.includes(key)));
      const advice = rename
        ? `Rename them to ${rename.to.map((key) => JSON.stringify(key)).join(' and ')}.`
        : `Use the keys of one of these: ${FORMATS.map((format) => `${format.id} (${format.keys})`).join('; ')}.`;
      report({
        line: first.line,
        pointer: '',
        mark: 'start',
        message: `No known format has the keys of this record (${keys.length === 0 ? 'none' : shown}). ${advice}`,
        ...(rename ? { fixes: () => [renameEverywhere(rename)] } : {}),
      });
    },
  },
});

function renameEverywhere({ keys, to }: (typeof RENAMES)[number]): Fix {
  const pairs = keys.flatMap((key, i) => (key === to[i] ? [] : [[key, to[i]!] as const]));
  const names = pairs.map(([from, name]) => `"${from}" to "${name}"`).join(' and ');
  return {
    title: `Rename ${names} in all records`,
    safe: false,
    everyLine(source) {
      const editor = new RecordEditor(source);
      const edits: LineEdit[] = [];
      for (const [from, name] of pairs) {
        const renamed = editor.rename(`/${from}`, name);
        // A record that lacks one of the keys is of another kind.
        if (renamed.length === 0) return [];
        edits.push(...renamed);
      }
      return edits;
    },
  };
}
