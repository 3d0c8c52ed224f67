/**
 * A chat template in the language of Ollama (Go's text/template), found by looking at what the trained template writes: the
 * text between two messages depends on what they are, and on nothing else. Where that is not so, it says so.
 */
import { Failure } from '../common/failure';
import { createRandom } from '../common/random';
import type { Message } from '../dataset/conversation';
import type { ChatTemplate } from '../dataset/template';
import { type OllamaMessage, runGoTemplate } from './go-template';

export interface OllamaTemplate {
  readonly text: string;
  /** What Ollama will do otherwise than the training. */
  readonly notes: readonly string[];
}

type Role = OllamaMessage['role'];
type Before = 'start' | Role;
type After = Role | 'end';

/** What is written between two messages, by `before>after`. */
type Glues = ReadonlyMap<`${Before}>${After}`, string>;

/**
 * @param bos the text that Ollama puts in front by itself; empty where it does not
 * @throws Failure `ollama-template` where the trained template cannot be expressed
 */
export function ollamaTemplate(template: Pick<ChatTemplate, 'renderPrompt'>, bos: string): OllamaTemplate {
  const render = (messages: readonly OllamaMessage[]): string | undefined => {
    const text = attempt(() => template.renderPrompt(messages.map(toMessage)));
    return text?.startsWith(bos) ? text.slice(bos.length) : text;
  };
  const order = systemOrder(render);
  const glues = learn(render, order);
  const text = goText(glues, order);
  for (const messages of dialogues(order !== 'refused')) {
    const expected = render(messages);
    if (expected !== undefined && runGoTemplate(text, messages) !== expected)
      throw inexpressible('what it writes between two messages depends on more than their roles');
  }
  const trims = render([{ role: 'user', content: `  ${mark(0)}  ` }])?.includes(` ${mark(0)}`) === false;
  return {
    text,
    notes: [
      ...(order === 'refused'
        ? [
            'The trained template has no place for a system message; Ollama will write one in front of the first question.',
          ]
        : []),
      ...(trims ? ['The trained template removes white space around messages; Ollama keeps it.'] : []),
    ],
  };
}

/** Where a system message goes: to its place at the start, before the last question, or nowhere. */
type SystemOrder = 'first' | 'last-user' | 'refused';

type Render = (messages: readonly OllamaMessage[]) => string | undefined;

function systemOrder(render: Render): SystemOrder {
  const roles = ['system', 'user', 'assistant', 'user'] as const;
  const text = render(marked(roles));
  if (text === undefined || !text.includes(mark(0))) return 'refused';
  return text.indexOf(mark(0)) < text.indexOf(mark(1)) ? 'first' : 'last-user';
}

const DIALOGUES: readonly (readonly Role[])[] = [
  ['user'],
  ['user', 'assistant', 'user'],
  ['user', 'assistant', 'user', 'assistant', 'user'],
  ['system', 'user'],
  ['system', 'user', 'assistant', 'user'],
];

function learn(render: Render, order: SystemOrder): Glues {
  const glues = new Map<`${Before}>${After}`, string>();
  for (const roles of DIALOGUES) {
    if (roles[0] === 'system' && order === 'refused') continue;
    const text = render(marked(roles));
    if (text === undefined) throw inexpressible(`it refuses a dialogue of ${roles.join(', ')}`);
    const written = roles.map((role, i) => ({ role, mark: mark(i) }));
    if (order === 'last-user' && roles[0] === 'system') written.splice(-1, 0, written.shift()!);
    let before: Before = 'start';
    let at = 0;
    const note = (after: After, end: number): void => {
      const glue = text.slice(at, end);
      const known = glues.get(`${before}>${after}`);
      if (end < at || (known !== undefined && known !== glue))
        throw inexpressible('what it writes between two messages depends on more than their roles');
      glues.set(`${before}>${after}`, glue);
    };
    for (const { role, mark: word } of written) {
      const found = text.indexOf(word);
      note(role, found);
      before = role;
      at = found + word.length;
    }
    note('end', text.length);
  }
  if (order === 'refused') {
    glues.set('start>system', glues.get('start>user')!);
    glues.set('system>user', '\n\n');
  }
  return glues;
}

function goText(glues: Glues, order: SystemOrder): string {
  const between = (after: After, befores: readonly Before[]): string => {
    const known = befores.flatMap((before) => {
      const glue = glues.get(`${before}>${after}`);
      return glue === undefined ? [] : [{ before, glue }];
    });
    const branches = known.map(
      ({ before, glue }, i) => `${i === 0 ? 'if' : 'else if'} eq $before "${before}" }}${literal(glue)}`,
    );
    return `{{- ${branches.join('{{ ')}{{ end }}`;
  };
  const plainUser = `${between('user', ['start', 'system', 'assistant'])}{{ .Content }}`;
  const user =
    order === 'last-user'
      ? `{{- if and $.System (eq (len (slice $.Messages $i)) 1) }}
${between('system', ['start', 'assistant'])}{{ $.System }}${literal(glues.get('system>user')!)}{{ .Content }}
{{- else }}
${plainUser}
{{- end }}`
      : plainUser;
  const system =
    order === 'last-user'
      ? ''
      : `{{- if eq .Role "system" }}
${between('system', ['start'])}{{ .Content }}
{{- $before = .Role }}
{{- else if eq .Role "user" }}`;
  return `{{- $before := "start" }}
{{- range $i, $_ := .Messages }}
${system || '{{- if eq .Role "user" }}'}
${user}
{{- $before = .Role }}
{{- else if eq .Role "assistant" }}
${between('assistant', ['user'])}{{ .Content }}
{{- $before = .Role }}
{{- end }}
{{- end }}
${between('end', ['user'])}`;
}

/** Text between actions stands for itself, but for what Go or the Modelfile would read otherwise. */
function literal(text: string): string {
  return /\{\{|"""|\r/.test(text) ? `{{ ${JSON.stringify(text)} }}` : text;
}

const DIALOGUES_COMPARED = 40;
const CONTENTS = [
  'Hello',
  'Wie geht es?',
  'a\n\nb',
  '{"a": {"b": 1}}',
  '日本語 🙂',
  '{{ .System }}',
  'It\'s "so"',
  '1 < 2',
  '#',
];

/** Of one to five questions, with and without a system message. */
function dialogues(withSystem: boolean): OllamaMessage[][] {
  const random = createRandom(1);
  const pick = (): string => `${CONTENTS[random.integer(CONTENTS.length)]!}${random.integer(100)}`;
  return Array.from({ length: DIALOGUES_COMPARED }, (_, i) => {
    const turns = 2 * random.integer(5) + 1;
    const messages = Array.from({ length: turns }, (_, turn): OllamaMessage => ({
      role: turn % 2 === 0 ? 'user' : 'assistant',
      content: pick(),
    }));
    return withSystem && i % 2 === 0 ? [{ role: 'system', content: pick() }, ...messages] : messages;
  });
}

function inexpressible(why: string): Failure {
  return new Failure(
    'ollama-template',
    `The chat template of the training cannot be written for Ollama: ${why}.`,
    'Export with --to gguf: the file carries the template as Jinja, which llama.cpp and LM Studio read.',
  );
}

function attempt(work: () => string): string | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

const mark = (i: number): string => `Qvx${i}mark${i}xvQ`;

const marked = (roles: readonly Role[]): OllamaMessage[] => roles.map((role, i) => ({ role, content: mark(i) }));

const toMessage = ({ role, content }: OllamaMessage): Message => ({ role, content, trained: false });
