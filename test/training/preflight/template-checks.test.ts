import { describe, expect, it } from 'vitest';
import type { ChatTemplate } from '../../../src/dataset/template';
import { dump, tokenizerOf } from '../../dataset/dump';
import { type Record_, chat, good, own, passing, refusal } from './setup';

describe('chat templates', () => {
  const tokenizer = tokenizerOf('llama2');
  const twoTurns = (system: readonly Record_[]): Record_ => ({
    messages: [
      ...system,
      ...(chat('Hi there', 'Hello!')['messages'] as Record_[]),
      ...(chat('More?', 'Yes.')['messages'] as Record_[]),
    ],
  });

  it('that models have write what they are asked', () => {
    for (const [name, { plain }] of Object.entries(dump.templates)) {
      const template = own(plain, tokenizer);
      const found = passing([...good(3), twoTurns([])], { tokenizer, template });
      expect(
        found.filter((one) => one.startsWith('template-round-trip')),
        name,
      ).toEqual([]);
    }
  });
  it('that leave the system prompt out once there is an answer (Mistral v0.3)', () => {
    const jinja =
      "{% for m in messages %}{% if m.role == 'user' %}[INST] {% if loop.last and messages[0].role == 'system' %}" +
      "{{ messages[0].content + '\\n\\n' }}{% endif %}{{ m.content }}[/INST]{% elif m.role == 'assistant' %}" +
      "{{ ' ' + m.content + eos_token }}{% endif %}{% endfor %}";
    const template = own(jinja, tokenizer);
    expect(passing([twoTurns([])], { tokenizer, template })).toEqual([]);
    expect(refusal([twoTurns([{ role: 'system', content: 'Be nice.' }])], { tokenizer, template }).message).toMatch(
      /another text before its last answer than the prompt for that answer\. \(template-round-trip\)$/,
    );
  });
  it('that open an answer differently when they ask for it (DeepSeek R1)', () => {
    const jinja =
      "{% for m in messages %}{{ '<' + m.role + '>' + m.content }}{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}" +
      "{% endfor %}{% if add_generation_prompt %}{{ '<assistant><think>\\n' }}{% endif %}";
    expect(passing(good(3), { tokenizer, template: own(jinja, tokenizer) })).toEqual([
      expect.stringContaining('opens an answer differently than the prompt for it does'),
    ]);
  });
  it('that write something else each time', () => {
    const steady = own(dump.templates['llama2']!.plain, tokenizer);
    let count = 0;
    const template: ChatTemplate = {
      ...steady,
      render: (conversation) => {
        const { text, trainedSpans } = steady.render(conversation);
        return { text: `${text}${count++}`, trainedSpans };
      },
    };
    expect(refusal(good(2), { tokenizer, template }).message).toContain(
      'is written differently each time. (template-round-trip)',
    );
  });
});
