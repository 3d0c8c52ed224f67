import { findSecrets, mayHoldSecrets } from '../text/secrets';
import { reportSpans, textsOf, type Span } from '../text/spans';
import { defineRule } from './rule';

const SHOWN = 4;
/** Whoever asks for a password that is new gets one that opens nothing. */
const GENERATE =
  /\b(?:generat|creat|random|strong|secure|suggest|make|new|invent|come up)\w*\b[^.?!\n]{0,60}\bpasswords?\b/i;
const KEY = ['AKIA', 'Q3EGRZ7K', 'PLM2VXTA'].join('');

export const secretInText = defineRule({
  meta: {
    id: 'secret-in-text',
    title: 'Text holds a key or a password',
    why: 'A model can repeat what it was trained on word for word, to anybody who asks. Keys of the well-known services, private keys, web tokens, connection strings and assigned passwords are found; made-up ones (`sk-xxxx`, `YOUR_API_KEY`) are not meant.',
    whatToDo: 'Redact it, and revoke the key if it is real.',
    defaultSeverity: 'warning',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"instruction": "How do I set the key?", "output": "Write api_key = \\"YOUR_API_KEY\\" or sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."}\n',
        },
        {
          text: '{"instruction": "Which URL has the database?", "output": "It is postgres://user:password@localhost:5432/shop."}\n',
        },
        {
          text: '{"instruction": "Show an AWS key id.", "output": "AKIAIOSFODNN7EXAMPLE is the one in the manual."}\n',
        },
      ],
      invalid: [
        { text: `{"instruction": "Which key do we use?", "output": "We use ${KEY} for the bucket."}\n`, lines: [1] },
        {
          text: '{"messages": [{"role": "user", "content": "Connect to mongodb://shop:mP7kX2vQ9zLw@db.shop.io/orders"}, {"role": "assistant", "content": "Connected."}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ source, turns }, report) {
      if (!mayHoldSecrets(source)) return;
      const spans: Span[] = [];
      let isGenerated: boolean | undefined;
      for (const turn of turns)
        for (const { pointer, text } of textsOf(turn))
          for (const { what, start, end, replacement } of findSecrets(text)) {
            isGenerated ??= turns.some((one) => one.role === 'user' && GENERATE.test(one.text));
            if (isGenerated && what === 'a password') continue;
            spans.push({
              pointer,
              start,
              end,
              replacement,
              message: `This looks like ${what} (${text.slice(start, start + SHOWN)}…). A model can repeat it word for word: redact it, and revoke it if it is real.`,
            });
          }
      if (spans.length > 0)
        reportSpans(source, spans, report, {
          one: ({ replacement }) => `Redact it to ${replacement}`,
          all: (count) => `Redact all ${count} secrets of this record`,
        });
    },
  },
});
