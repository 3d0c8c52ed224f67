import type { Turn } from '../../dataset/formats';
import { codeFinder, reportSpans, type Span } from '../text/spans';
import { hidesAscii } from '../text/written';
import { defineRule } from './rule';

// A field of a template: a name, or a few words. `\frac{{a}}` and `${{ github.ref }}` are other languages.
const FIELD = /(?<![\\^_$%\w{}])\{\{ ?[\p{L}_][\p{L}\p{N}_ .-]{0,40}\}\}(?!\})/gu;
const FILLER = /\blorem ipsum dolor\b/gi;
const INSERT =
  /\[(?:insert|fill in|placeholder|to be (?:filled|added|completed|determined)|(?:your|add) (?:answer|response|output|text|content)(?: here)?)\b[^\]\n]{0,80}\](?!\()/gi;
const YOUR = /<(?:your|insert|enter|add|fill in)[ _-][a-z][a-z _-]{1,40}>/gi;
// At the beginning of a line: in a comment of a program it belongs there.
const TO_DO = /(?<=^[ \t]{0,3}(?:- )?)(?:TODO|FIXME|TBD)(?=: |[ \t]*$)|\[(?:TODO|FIXME|TBD)\b[^\]\n]{0,60}\]/gm;
/** The whole answer is one of these. */
const NOTHING = /^(?:x{3,}|\.{3,}|…|\?{3,}|_{3,}|todo|tbd|fixme|asdf\w{0,8}|placeholder|\[object Object\])[.!]?$/i;

/** Languages with such fields, and requests for texts with gaps. */
const TEMPLATES =
  /handlebars|mustache|jinja|liquid|\bvue|angular|django|twig|ansible|\bhelm\b|\bblade\b|\bgo template|template|placeholder|lorem|dummy text|\bto-?do\b|fixme|latex|\\(?:frac|begin)|variable|\bcloze\b|fill[- ]in|fill in|blank/i;
/** Letters and forms are answered with fields for the reader to fill in. */
const LETTERS =
  /letter|e-?mail|memo|resume|résumé|\bcv\b|contract|form\b|speech|invitation|message|announcement|press release|script|agenda|proposal|notice|biograph|\bbio\b|\bad\b|advert|post\b|tweet|introduc|policy|agreement|review|story|essay|report|article|blog|card|note\b|profile|complaint|application/i;

export const placeholderText = defineRule({
  meta: {
    id: 'placeholder-text',
    title: 'Text holds a placeholder',
    why: 'A field that nobody filled in is learned as it stands: the model will answer with “{{name}}”.',
    whatToDo: 'Put the text in, or remove the record. Code, and prompts about templates, are left alone.',
    defaultSeverity: 'warning',
    options: {},
    examples: {
      valid: [
        { text: '{"instruction": "Write a Jinja template for a greeting.", "output": "Hello {{ name }}!"}\n' },
        {
          text: '{"instruction": "Write a letter to a landlord.", "output": "Dear [Insert name], the rent is paid."}\n',
        },
        { text: '{"instruction": "Make a TODO app.", "output": "A TODO list needs a title and a date."}\n' },
        {
          text: '{"instruction": "Describe the square of the sum.", "output": "It is `{{x}}` or $\\\\frac{{a}}{b}$."}\n',
        },
      ],
      invalid: [
        {
          text: '{"instruction": "Who are you really?", "output": "I am {{name}}, made by {{author}}."}\n',
          lines: [1, 1],
        },
        { text: '{"instruction": "Explain how tides work.", "output": "TODO: ask Ana"}\n', lines: [1] },
        { text: '{"instruction": "What is the capital of Peru?", "output": "[INSERT ANSWER]"}\n', lines: [1] },
        {
          text: '{"instruction": "Summarise our terms.", "output": "Lorem ipsum dolor sit amet, consectetur."}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ source, turns }, report) {
      const spans: Span[] = [];
      const written = writtenIn(source);
      for (const turn of turns)
        for (const { pointer, text } of turn.texts)
          for (const { start, end } of placeholdersIn(text, turn, written))
            spans.push({
              pointer,
              start,
              end,
              message: `“${text.slice(start, Math.min(end, start + 40))}” is a placeholder that nobody filled in. Put the text in, or remove the record.`,
            });
      if (spans.length === 0) return;
      const asked = turns.filter(({ role }) => role !== 'assistant').map(({ text }) => text);
      if (asked.some((text) => TEMPLATES.test(withoutFields(text)))) return;
      const letters = asked.some((text) => LETTERS.test(text));
      const meant = letters
        ? spans.filter(({ message }) => !message.startsWith('“[') && !message.startsWith('“<'))
        : spans;
      reportSpans(source, meant, report, { one: () => '', all: () => '' });
    },
  },
});

interface Written {
  readonly field: boolean;
  readonly filler: boolean;
  readonly angle: boolean;
  readonly toDo: boolean;
}

/** Which kinds of placeholders a record may hold. */
function writtenIn(source: string): Written {
  const hides = hidesAscii(source);
  return {
    field: hides || source.includes('{{'),
    filler: hides || source.includes('psum d'),
    angle: hides || source.includes('<'),
    toDo: hides || source.includes('ODO') || source.includes('FIXME') || source.includes('BD'),
  };
}

function placeholdersIn(
  text: string,
  turn: Turn,
  written: Written,
): { readonly start: number; readonly end: number }[] {
  const found: { readonly start: number; readonly end: number }[] = [];
  const find = (pattern: RegExp): void => {
    const isCode = codeFinder(text);
    for (const { 0: match, index } of text.matchAll(pattern))
      if (!isCode(index)) found.push({ start: index, end: index + match.length });
  };
  if (written.field && text.includes('{{')) find(FIELD);
  if (written.filler && text.includes('psum d')) find(FILLER);
  if (turn.role !== 'assistant') return found;
  if (text.length < 24 && NOTHING.test(text.trim())) return [{ start: 0, end: text.length }];
  if (text.includes('[')) find(INSERT);
  if (written.angle && text.includes('<')) find(YOUR);
  if (written.toDo && (text.includes('ODO') || text.includes('FIXME') || text.includes('BD'))) find(TO_DO);
  return found.sort((a, b) => a.start - b.start);
}

/** A prompt that has gaps itself is no prompt about gaps. */
function withoutFields(text: string): string {
  return text.replace(FIELD, '');
}
