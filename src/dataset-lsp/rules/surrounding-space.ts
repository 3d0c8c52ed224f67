import type { TextPart, Turn } from '../../dataset/formats';
import { editFix, RecordEditor, type Fix } from '../fixes';
import { defineRule } from './rule';

export const surroundingSpace = defineRule({
  meta: {
    id: 'surrounding-space',
    title: 'Text has white space at its ends',
    why: 'White space around an answer is learned like any other text. A prompt that ends with a space splits the following word into tokens that the model does not expect.',
    whatToDo:
      'Trim the text; where a prompt goes on in a completion, put the space at the beginning of the completion.',
    defaultSeverity: 'hint',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        { text: '{"instruction": "Name a colour.", "output": "Green."}\n' },
        { text: '{"prompt": "The capital of France is", "completion": " Paris."}\n' },
        {
          text: '{"prompt": "The capital is", "completion": " Paris.", "label": true}\n{"prompt": "The capital is", "completion": " Rome.", "label": false}\n',
        },
      ],
      invalid: [
        { text: '{"instruction": "Name a colour. ", "output": "\\nGreen."}\n', lines: [1, 1] },
        { text: '{"prompt": "The capital of France is ", "completion": "Paris."}\n', lines: [1] },
      ],
    },
  },
  check: {
    example(record, report) {
      const { turns, source, value } = record;
      // Fields of an instruction are turns of a dialogue; two texts are one text, whose inner ends are no ends.
      if (!turns[0]?.message && !('instruction' in value)) {
        const [prompt, ...answers] = turns;
        const part = prompt?.texts[0];
        if (prompt?.role !== 'user' || !part || !/[ \t]$/.test(part.text)) return;
        report({
          pointer: part.pointer,
          within: { start: part.text.trimEnd().length, end: part.text.length },
          message: 'The prompt ends with white space. Put the space at the beginning of the completion instead.',
          fixes: () => moveSpace(source, part, answers),
        });
        return;
      }
      for (const turn of turns)
        for (const part of turn.texts) {
          const { text, pointer } = part;
          if (!isSpace(text.charCodeAt(0)) && !isSpace(text.charCodeAt(text.length - 1))) continue;
          // A list of parts is joined: only its outer ends are the ends of the turn. A tool says what it says.
          if (turn.texts.length > 1 || turn.role === 'tool' || turn.role === 'function' || text.trim() === '') continue;
          const lead = text.length - text.trimStart().length;
          const within = lead > 0 ? { start: 0, end: lead } : { start: text.trimEnd().length, end: text.length };
          report({
            pointer,
            within,
            message: `The text ${lead > 0 ? 'begins' : 'ends'} with white space, which the model ${turn.trained ? 'learns to write' : 'reads'} as well. Trim it.`,
            fixes: () => trim(source, part),
          });
        }
    },
  },
});

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0;
}

function trim(source: string, { pointer, text }: TextPart): readonly Fix[] {
  const editor = new RecordEditor(source);
  const end = text.trimEnd().length;
  return editFix('Trim the text', false, [
    ...(text === text.trimStart() ? [] : editor.replaceWithin(pointer, 0, text.length - text.trimStart().length, '')),
    ...(end === text.length ? [] : editor.replaceWithin(pointer, end, text.length, '')),
  ]);
}

function moveSpace(source: string, { pointer, text }: TextPart, answers: readonly Turn[]): readonly Fix[] {
  const editor = new RecordEditor(source);
  const cut = editor.replaceWithin(pointer, text.trimEnd().length, text.length, '');
  const spaced = answers.flatMap(({ texts }) =>
    texts[0] && !/^\s/.test(texts[0].text) ? editor.replaceWithin(texts[0].pointer, 0, 0, ' ') : [],
  );
  return editFix('Move the space to the completion', false, [...cut, ...spaced]);
}
