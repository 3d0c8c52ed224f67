import { findMojibake, repairMojibake } from '../text/mojibake';
import { reportSpans, type Span } from '../text/spans';
import { defineRule } from './rule';

const SHOWN = 12;

export const mojibake = defineRule({
  meta: {
    id: 'mojibake',
    title: 'Text was decoded with a wrong character set',
    why: 'The model learns to write “Ã©” for “é”, and such texts cost several times the tokens. The replacement character “�” stands where a letter was lost for good.',
    whatToDo: 'Re-encode the text, or export it again as UTF-8.',
    defaultSeverity: 'warning',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"instruction": "Traduis « coffee ».", "output": "« Le café à la crème »\u00a0: voilà, ça c’est l’été… déjà\u00a0»"}\n',
        },
        { text: '{"instruction": "Wie heißt das?", "output": "Äpfel, Öl, ÜBERGRÖẞE, SÃO PAULO, Å…"}\n' },
      ],
      invalid: [
        { text: '{"instruction": "What is coffee in French?", "output": "It is cafÃ©."}\n', lines: [1] },
        { text: '{"instruction": "Isn’t it?", "output": "It isnâ€™t, and it never was."}\n', lines: [1] },
        { text: '{"instruction": "What is coffee in French?", "output": "It is caf\uFFFD."}\n', lines: [1] },
      ],
    },
  },
  check: {
    example({ source, ascii, turns }, report) {
      if (ascii && !source.includes('\\u')) return;
      const spans: Span[] = [];
      for (const { texts } of turns)
        for (const { pointer, text } of texts) {
          const parts = findMojibake(text);
          const first = parts[0];
          if (first) {
            const start = first.start;
            const end = parts.at(-1)!.end;
            const replacement = repairMojibake(text.slice(start, end));
            const shown = text.slice(start, Math.min(first.end, start + SHOWN));
            const meant = repairMojibake(shown);
            const many = parts.length === 1 ? '' : ` (${parts.length} places)`;
            const message = `“${shown}” should be “${meant}”${many}: UTF-8 was read in another character set. Re-encode the text.`;
            spans.push({ pointer, start, end, message, replacement });
          }
          const lost = text.indexOf('\uFFFD');
          if (lost >= 0)
            spans.push({
              pointer,
              start: lost,
              end: lost + 1,
              message:
                'A letter is lost here: “\uFFFD” stands for bytes that could not be decoded. Export the text again as UTF-8.',
            });
        }
      if (spans.length > 0)
        reportSpans(source, spans, report, {
          one: () => 'Re-encode this text',
          all: (count) => `Re-encode all ${count} texts of this record`,
        });
    },
  },
});
