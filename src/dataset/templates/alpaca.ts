import { Failure } from '../../common/failure';
import type { Conversation, Message } from '../conversation';
import type { RenderedConversation, Span } from '../template';

// The text of github.com/tatsu-lab/stanford_alpaca, train.py, PROMPT_DICT.
const WITH_INPUT =
  'Below is an instruction that describes a task, paired with an input that provides further context. ' +
  'Write a response that appropriately completes the request.';
const WITHOUT_INPUT =
  'Below is an instruction that describes a task. Write a response that appropriately completes the request.';

/**
 * What `renderAlpaca` writes, as a chat template for other programs. Those know no input apart from the instruction.
 */
export const ALPACA = `
{%- set ns = namespace(head='${WITHOUT_INPUT}', first=true) -%}
{%- for message in messages -%}
  {%- if message['role'] == 'assistant' -%}
    {{- message['content'] + eos_token -}}
  {%- elif message['role'] == 'system' and loop.first -%}
    {%- set ns.head = message['content'] -%}
  {%- elif message['role'] == 'user' -%}
    {%- if ns.first -%}{{- ns.head -}}{%- endif -%}
    {{- '\\n\\n### Instruction:\\n' + message['content'] + '\\n\\n### Response:' -}}
    {%- set ns.first = false -%}
  {%- else -%}
    {{- raise_exception('Alpaca has no place for a message of this role.') -}}
  {%- endif -%}
{%- endfor -%}
`.trim();

/** The Stanford Alpaca prompt, one block for each turn; the answer and the end-of-text token are trained. */
export function renderAlpaca(conversation: Conversation, eosToken: string): RenderedConversation {
  if (conversation.tools && conversation.tools.length > 0) throw unsupported('tools');
  let text = '';
  const trainedSpans: Span[] = [];
  let system: string | undefined;
  let first = true;
  conversation.messages.forEach((message, i) => {
    if (message.role === 'assistant') {
      if (message.toolCalls && message.toolCalls.length > 0) throw unsupported('tool calls');
      if (message.reasoning !== undefined) throw unsupported('reasoning apart from the answer');
      const start = text.length;
      text += message.content + eosToken;
      if (message.trained) trainedSpans.push({ start, end: text.length });
    } else if ((message.role === 'system' || message.role === 'developer') && i === 0) {
      system = message.content;
    } else if (message.role === 'user') {
      text += block(message, first ? system : undefined, first);
      first = false;
    } else {
      throw unsupported(`a message of the role "${message.role}" at this place`);
    }
  });
  return { text, trainedSpans };
}

function block(message: Message, system: string | undefined, first: boolean): string {
  const { instruction, input } = message.alpaca ?? { instruction: message.content, input: '' };
  const head = first ? `${system ?? (input === '' ? WITHOUT_INPUT : WITH_INPUT)}\n\n` : '\n\n';
  const middle = input === '' ? '' : `### Input:\n${input}\n\n`;
  return `${head}### Instruction:\n${instruction}\n\n${middle}### Response:`;
}

function unsupported(what: string): Failure {
  return new Failure(
    'template',
    `The chat template refuses this record: the template "alpaca" cannot express ${what}.`,
    'Choose the template "chatml" or the model\'s own.',
    2,
  );
}
