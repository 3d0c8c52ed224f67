import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { type ChatTemplate, createTemplate } from '../../src/dataset/template';
import { type OllamaMessage, runGoTemplate } from '../../src/export/go-template';
import { ollamaTemplate } from '../../src/export/ollama-template';

const [BOS, EOS] = ['<s>', '</s>'];
const FOLDER = join(__dirname, '..', 'dataset', 'parity', 'templates');
const jinja = (file: string): ChatTemplate =>
  createTemplate({ source: { jinja: readFileSync(join(FOLDER, file), 'utf8') }, bosToken: BOS, eosToken: EOS });
const TEMPLATES: readonly (readonly [string, ChatTemplate])[] = [
  ['chatml', createTemplate({ source: 'chatml', bosToken: BOS, eosToken: EOS })],
  ['alpaca', createTemplate({ source: 'alpaca', bosToken: BOS, eosToken: EOS })],
  ...readdirSync(FOLDER).map((file) => [file, jinja(file)] as const),
];

/** Of one to six questions; every third one with a system message. White space around messages is not Ollama's to remove. */
function conversations(count: number): OllamaMessage[][] {
  const random = createRandom(99);
  const alphabet = [...'abc XYZ\n"\'{}%<>|/#@äß漢🙂.', '{{', '}}', '\n\n', '<|im_end|>', '[INST]'];
  const text = (): string =>
    `a${Array.from({ length: random.integer(30) }, () => alphabet[random.integer(alphabet.length)]!).join('')}z`;
  return Array.from({ length: count }, (_, i) => [
    ...(i % 3 === 0 ? [{ role: 'system', content: text() } as const] : []),
    ...Array.from({ length: 2 * random.integer(6) + 1 }, (_, turn): OllamaMessage => ({
      role: turn % 2 === 0 ? 'user' : 'assistant',
      content: text(),
    })),
  ]);
}

describe.each(TEMPLATES)('%s for Ollama', (name, template) => {
  const { text, notes } = ollamaTemplate(template, BOS);

  it('writes what the Jinja writes, in 120 conversations', () => {
    let compared = 0;
    for (const messages of conversations(120)) {
      const refused = messages[0]!.role === 'system' && notes.some((note) => note.includes('no place for a system'));
      if (refused) continue;
      const expected = template.renderPrompt(messages.map((message) => ({ ...message, trained: false })));
      // Ollama writes the first token itself.
      expect(runGoTemplate(text, messages), JSON.stringify(messages)).toBe(expected.replace(/^<s>/, ''));
      compared++;
    }
    expect(compared).toBe(name === 'gemma2.jinja' ? 80 : 120);
  });
});

it('the first token stays where nobody else writes it', () => {
  const template = jinja('llama3.jinja');
  const ask: OllamaMessage[] = [{ role: 'user', content: 'Hi' }];
  expect(runGoTemplate(ollamaTemplate(template, '').text, ask)).toMatch(/^<s><\|start_header_id\|>user/);
  expect(runGoTemplate(ollamaTemplate(template, BOS).text, ask)).toMatch(/^<\|start_header_id\|>user/);
});

it('a system message has a place in front of the question where the template knows none', () => {
  const { text, notes } = ollamaTemplate(jinja('gemma2.jinja'), BOS);
  const asked = runGoTemplate(text, [
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'Hi' },
  ]);
  expect(asked).toBe('<start_of_turn>user\nBe kind.\n\nHi<end_of_turn>\n<start_of_turn>model\n');
  expect(notes[0]).toContain('no place for a system message');
});

it('a template that numbers its turns is refused', () => {
  const source = { jinja: '{% for m in messages %}{{ loop.index }}. {{ m.role }}: {{ m.content }}\n{% endfor %}' };
  expect(() => ollamaTemplate(createTemplate({ source }), '')).toThrow(/cannot be written for Ollama/);
});

it('a template that looks into its messages is refused', () => {
  const source = {
    jinja:
      "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% if '1' in m.content %}!{% endif %}{% endfor %}[assistant]",
  };
  expect(() => ollamaTemplate(createTemplate({ source }), '')).toThrow(/cannot be written for Ollama/);
});

/** Templates, dialogues, and what Go's text/template writes: made by scripts/oracles/go_templates.go. */
interface GoCase {
  readonly name: string;
  readonly template: string;
  readonly dialogs: readonly (readonly OllamaMessage[])[];
  readonly written: readonly string[];
}

const SYNTAX =
  '{{- $x := "start" }}\n{{- range $i, $_ := .Messages }}\n{{- if eq $x "start" }} <{{ else }}|\n{{ end }}{{ .Content }}\n{{- $x = .Role }}\n{{- end }}{{ "{{\\n\\u00a0" }}';

function goCases(): Omit<GoCase, 'written'>[] {
  const dialogs = conversations(6);
  return [
    { name: 'syntax', template: SYNTAX, dialogs },
    ...TEMPLATES.map(([name, template]) => ({ name, template: ollamaTemplate(template, BOS).text, dialogs })),
  ];
}

describe('the interpreter of Go templates', () => {
  const oracle = join(__dirname, 'oracles', 'go-templates.json');
  const asked = process.env['FINE_TUNE_GO_CASES'];
  if (asked !== undefined) writeFileSync(asked, JSON.stringify(goCases()));

  it('writes what Go writes', () => {
    const known = JSON.parse(readFileSync(oracle, 'utf8')) as GoCase[];
    expect(known.map(({ name, template, dialogs }) => ({ name, template, dialogs }))).toEqual(goCases());
    for (const { name, template, dialogs, written } of known)
      expect(
        dialogs.map((messages) => runGoTemplate(template, messages)),
        name,
      ).toEqual(written);
  });

  it('refuses what it does not know, and blocks that are not closed', () => {
    expect(() => runGoTemplate('{{ .Prompt }}', [])).toThrow(/not known/);
    expect(() => runGoTemplate('{{ if eq "a" "a" }}x', [])).toThrow(/missing/);
    expect(() => runGoTemplate('x{{ end }}', [])).toThrow(/closes nothing/);
  });
});
