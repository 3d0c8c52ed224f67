import { findPersonalData, mayHoldPersonalData, PERSONAL_KINDS, type PersonalKind } from '../text/personal-data';
import { reportSpans, textsOf, type Span } from '../text/spans';
import { defineRule } from './rule';

const WORDS: Readonly<Record<PersonalKind, readonly [what: string, replacement: string]>> = {
  email: ['an e-mail address', '[EMAIL]'],
  phone: ['a phone number', '[PHONE]'],
  card: ['a card number', '[CARD]'],
  iban: ['a bank account (IBAN)', '[IBAN]'],
  ip: ['a public IP address', '[IP]'],
};

export const personalData = defineRule({
  meta: {
    id: 'personal-data',
    title: 'Text holds personal data',
    why: 'A model can repeat what it was trained on to anybody, and the law asks for a reason to process personal data. Addresses for examples (example.com, 555 numbers, private networks, published test cards) are not meant.',
    whatToDo: 'Redact it, or make sure that you may use it.',
    defaultSeverity: 'warning',
    options: {
      kinds: {
        type: 'list',
        default: PERSONAL_KINDS,
        description: 'What to look for: `email`, `phone` (international and North American), `card`, `iban`, `ip`.',
      },
    },
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"instruction": "Where do I write?", "output": "To jane@example.com or noreply@shop.io, or call (555) 010-9999."}\n',
        },
        {
          text: '{"instruction": "Which address is it?", "output": "It is 192.168.0.17 with firmware version 81.40.2.9, order 4929 1234 5678 9013."}\n',
        },
      ],
      invalid: [
        { text: '{"instruction": "Who can help me?", "output": "Write to m.keller@posteo.de."}\n', lines: [1] },
        {
          text: '{"instruction": "Who can help me?", "output": "Call +49 30 90182137, or 415-706-2381."}\n',
          lines: [1, 1],
        },
        {
          text: '{"instruction": "Where do I pay?", "output": "To DE44 5001 0517 5407 3249 31 please."}\n',
          lines: [1],
        },
        {
          text: '{"instruction": "Which card is it?", "output": "Card 4539 1488 0343 6467, used from 81.169.145.78."}\n',
          lines: [1, 1],
        },
      ],
    },
  },
  check: {
    example({ source, turns }, report, { kinds }) {
      if (!mayHoldPersonalData(source)) return;
      const spans: Span[] = [];
      for (const turn of turns)
        for (const { pointer, text } of textsOf(turn))
          for (const { kind, start, end } of findPersonalData(text)) {
            if (!kinds.includes(kind)) continue;
            const [what, replacement] = WORDS[kind];
            const message = `This looks like ${what}. Redact it, or make sure that you may use it.`;
            spans.push({ pointer, start, end, replacement, message });
          }
      if (spans.length > 0)
        reportSpans(source, spans, report, {
          one: ({ replacement }) => `Redact it to ${replacement}`,
          all: (count) => `Redact all ${count} personal data of this record`,
        });
    },
  },
});
