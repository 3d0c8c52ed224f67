import { targetRule, type Target } from './target';

const FIREWORKS: Target = {
  id: 'fireworks',
  name: 'Fireworks AI',
  source: 'https://docs.fireworks.ai/fine-tuning/fine-tuning-models',
  formats: ['chat', 'preference'],
  otherFormats: 'Convert the file: "fine-tune convert FILE --to chat".',
  examples: { least: 3, most: 3_000_000 },
  roles: ['system', 'user', 'assistant', 'tool'],
  systemFirst: true,
};

const record = (answer: string): string =>
  `{"messages": [{"role": "user", "content": "Name the colour number ${answer}."}, {"role": "assistant", "content": "It is ${answer}."}]}\n`;

/** What the documentation of Fireworks' supervised fine-tuning asks for. */
export const fireworks = {
  target: FIREWORKS,
  rule: targetRule(FIREWORKS, {
    valid: [{ text: `${record('green one')}${record('red two')}${record('blue three')}` }],
    invalid: [{ text: record('green'), lines: [1] }],
  }),
};
