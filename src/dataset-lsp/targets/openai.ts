import { toolsOf } from '../../dataset/tools';
import { targetRule, type Target } from './target';

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

const OPENAI: Target = {
  id: 'openai',
  name: 'OpenAI',
  source: 'https://platform.openai.com/docs/guides/supervised-fine-tuning',
  formats: ['chat', 'preference'],
  otherFormats: 'Convert the file: "fine-tune convert FILE --to chat".',
  examples: { least: 10 },
  fileSize: 512 * 1024 * 1024,
  keys: {
    chat: ['messages', 'tools', 'parallel_tool_calls', 'functions'],
    preference: ['input', 'preferred_output', 'non_preferred_output'],
  },
  messageKeys: ['role', 'content', 'name', 'weight', 'tool_calls', 'tool_call_id', 'function_call', 'refusal'],
  images: { most: 64 },
  check({ value, format, turns }, report) {
    if (format.id === 'preference' && !('preferred_output' in value))
      report({
        mark: 'start',
        pointer: '',
        message:
          'OpenAI wants preferences as "input", "preferred_output" and "non_preferred_output". Convert the file: "fine-tune convert FILE --to preference --style openai".',
      });
    for (const { pointer, value: tool } of toolsOf(value, format).flatMap(({ tools }) => tools)) {
      const name = tool?.['name'];
      if (typeof name === 'string' && !NAME.test(name))
        report({ pointer: `${pointer}/name`, message: nameMessage(name) });
    }
    for (const { message, pointer } of turns) {
      const name = message?.['name'];
      if (typeof name === 'string' && !NAME.test(name))
        report({ pointer: `${pointer}/name`, message: nameMessage(name) });
    }
  },
};

function nameMessage(name: string): string {
  return `OpenAI takes names of 1 to 64 letters, digits, "_" and "-"; ${JSON.stringify(name)} is not one.`;
}

const record = (answer: string): string =>
  `{"messages": [{"role": "user", "content": "Name the colour number ${answer}."}, {"role": "assistant", "content": "It is ${answer}."}]}\n`;

/** Limits of OpenAI's fine-tuning API for supervised and preference data. */
export const openai = {
  target: OPENAI,
  rule: targetRule(OPENAI, {
    valid: [{ text: Array.from({ length: 10 }, (_, i) => record(`green ${i}`)).join('') }],
    invalid: [{ text: record('green'), lines: [1] }],
  }),
};
