import { targetRule, type Target } from './target';

const TOGETHER: Target = {
  id: 'together',
  name: 'Together AI',
  source: 'https://docs.together.ai/docs/fine-tuning/data-preparation',
  formats: ['chat', 'completion', 'text', 'preference'],
  otherFormats: 'Convert the file: "fine-tune convert FILE --to chat".',
  examples: { least: 1 },
  fileSize: 100e9,
  keys: {
    chat: ['messages', 'tools'],
    completion: ['prompt', 'completion'],
    text: ['text'],
    preference: ['input', 'preferred_output', 'non_preferred_output'],
  },
  roles: ['system', 'user', 'assistant', 'tool'],
  systemFirst: true,
  alternation: true,
  images: { most: 10, base64Only: true },
  check({ value, format, turns }, report) {
    if (format.id === 'preference' && !('preferred_output' in value))
      report({
        mark: 'start',
        pointer: '',
        message:
          'Together AI wants preferences as "input", "preferred_output" and "non_preferred_output". Convert the file: "fine-tune convert FILE --to preference --style openai".',
      });
    for (const side of ['chosen', 'rejected'] as const) {
      const answers = turns.filter((turn) => turn.side === side);
      if (format.id === 'preference' && answers.length !== 1)
        report({
          pointer: side === 'chosen' ? '/preferred_output' : '/non_preferred_output',
          mark: 'key',
          message: `Together AI wants exactly one assistant message on each side, here are ${answers.length}.`,
        });
    }
  },
};

/** What `together files check` and the service behind it refuse. */
export const together = {
  target: TOGETHER,
  rule: targetRule(TOGETHER, {
    valid: [
      {
        text: '{"messages": [{"role": "user", "content": "Name a colour, please."}, {"role": "assistant", "content": "Green."}]}\n',
      },
    ],
    invalid: [
      {
        text: '{"messages": [{"role": "user", "content": "Name a colour, please."}, {"role": "assistant", "content": "Green."}], "id": 1}\n',
        lines: [1],
      },
      {
        text: '{"messages": [{"role": "user", "content": "Name a colour, please."}, {"role": "user", "content": "Now."}, {"role": "assistant", "content": "Green."}]}\n',
        lines: [1],
      },
    ],
  }),
};
