import { targetRule, type Target } from './target';

const TRL: Target = {
  id: 'trl',
  name: 'TRL',
  source: 'https://huggingface.co/docs/trl/dataset_formats',
  formats: ['chat', 'completion', 'text', 'preference', 'unpaired-preference'],
  otherFormats: 'Convert the file: "fine-tune convert FILE --to chat".',
  examples: { least: 1 },
  images: { most: Infinity },
  check({ value, format, turns }, report) {
    if (format.id === 'preference' && !('chosen' in value))
      report({
        mark: 'start',
        pointer: '',
        message:
          'TRL wants preferences as "prompt", "chosen" and "rejected". Convert the file: "fine-tune convert FILE --to preference".',
      });
    for (const { message, pointer, role } of turns) {
      if (role === 'assistant' && message && 'weight' in message && message['weight'] === 0)
        report({
          pointer: `${pointer}/weight`,
          mark: 'key',
          message: 'TRL ignores "weight": it would train this message. Take the message out of the answer.',
        });
      for (const [i, call] of listOf(message?.['tool_calls']).entries()) {
        const called: unknown = isObject(call) ? call['function'] : undefined;
        if (isObject(called) && typeof called['arguments'] === 'string')
          report({
            pointer: `${pointer}/tool_calls/${i}/function/arguments`,
            message:
              'TRL gives the arguments to the chat template as they are, and most templates want an object here, not a text.',
          });
      }
    }
  },
};

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What TRL's trainers take without a change of the data. */
export const trl = {
  target: TRL,
  rule: targetRule(TRL, {
    valid: [{ text: '{"prompt": "Name a colour, please.", "completion": "Green, for example."}\n' }],
    invalid: [{ text: '{"instruction": "Name a colour, please.", "output": "Green, for example."}\n', lines: [1] }],
  }),
};
