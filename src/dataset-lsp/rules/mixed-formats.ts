import { isStackOverflow } from '../../common/stack';
import { convertRecord } from '../../dataset/conversion';
import type { Format } from '../../dataset/formats';
import { fits } from '../../dataset/shape';
import { editFix, RecordEditor, removeRecord, type Fix } from '../fixes';
import { defineRule } from './rule';

export const mixedFormats = defineRule({
  meta: {
    id: 'mixed-formats',
    title: 'Record is of another format than the file',
    why: 'A file has one format, that of its first record. A record of another format would be read wrongly or not at all.',
    whatToDo: 'Move the record to a file of its own, or convert it.',
    defaultSeverity: 'error',
    locked: true,
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [{ text: '{"text": "Some text."}\n{"text": "With another key.", "source": "mail"}\n' }],
      invalid: [
        { text: '{"text": "Some text."}\n{"prompt": "And now?", "completion": "A completion."}\n', lines: [2] },
        {
          text: '{"prompt": "First?", "completion": "Yes, first."}\n{"prompt": "Second?", "completion": "Not good.", "label": false}\n',
          lines: [2],
        },
      ],
    },
  },
  check: {
    record({ foreign, format, line, source, value }, report) {
      if (!foreign) return;
      report({
        pointer: '',
        mark: 'start',
        message: `This record has the keys of the format "${foreign.id}", but the file is read as "${format.id}". Convert it to ${format.keys}, or move it to another file.`,
        fixes: () => [...convert(source, value, foreign, format), removeRecord(line)],
      });
    },
  },
});

/** Abstains where the record is not one of its own format, would become two, or is nested too deeply. */
function convert(source: string, value: Readonly<Record<string, unknown>>, from: Format, to: Format): readonly Fix[] {
  if (!fits(from.shape, value)) return [];
  try {
    const converted = convertRecord(value, from, to.id);
    const record = converted.kind === 'converted' && converted.records.length === 1 ? converted.records[0] : undefined;
    if (converted.kind !== 'converted' || !record || !fits(to.shape, record)) return [];
    const lost = converted.dropped.map((key) => JSON.stringify(key)).join(', ');
    const title = `Convert it to ${to.id}${lost === '' ? '' : `, without ${lost}`}`;
    return editFix(title, false, new RecordEditor(source).replace('', record));
  } catch (thrown) {
    if (!isStackOverflow(thrown)) throw thrown;
    return [];
  }
}
