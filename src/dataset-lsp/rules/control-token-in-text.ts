import { codeFinder, reportSpans, type Span } from '../text/spans';
import { hidesAscii } from '../text/written';
import { defineRule } from './rule';

const NAMES =
  'im_start|im_end|im_sep|eot_id|eom_id|start_header_id|end_header_id|begin_of_text|end_of_text|python_tag|endoftext|endofprompt|startoftext|user|assistant|system|human|bot|tool|prompter|observation|end|eot|eod|eos|bos|pad|start|message|channel|return|call|constrain|tool_call|tool_response|fim_prefix|fim_middle|fim_suffix|fim_pad|repo_name|file_sep|start_of_role|end_of_role|start_of_turn|end_of_turn|box_start|box_end|vision_start|vision_end|START_OF_TURN_TOKEN|END_OF_TURN_TOKEN|USER_TOKEN|CHATBOT_TOKEN|SYSTEM_TOKEN';
const ANY = new RegExp(
  String.raw`<\|(?:${NAMES})\|>|<｜[^｜\s]{1,40}｜>|<\/?s>|<<\/?SYS>>|<(?:start|end)_of_turn>|\[\/?INST\]`,
  'g',
);

export const controlTokenInText = defineRule({
  meta: {
    id: 'control-token-in-text',
    title: 'Text holds a control token of a chat template',
    why: 'The template writes these tokens itself. In a text they end or begin a turn in the middle of it, or the model learns to write them out.',
    whatToDo:
      'Remove them: the roles of the messages say the same. Records of plain text may hold a template that is written by hand, so they are left alone.',
    defaultSeverity: 'warning',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"instruction": "What is <s> in HTML?", "output": "<s>old price</s> is struck through; <think> is no tag."}\n',
        },
        { text: '{"text": "<|im_start|>user\\nHello<|im_end|>"}\n' },
        { text: '{"prompt": "<s>[INST] Say hello [/INST]", "completion": " Hello! </s>"}\n' },
      ],
      invalid: [
        {
          text: '{"messages": [{"role": "user", "content": "[INST] Say hello [/INST]"}, {"role": "assistant", "content": "Hello!<|im_end|>"}]}\n',
          lines: [1, 1, 1],
        },
        { text: '{"instruction": "Say hello.", "output": "Hello there!</s>"}\n', lines: [1] },
      ],
    },
  },
  check: {
    example({ source, turns, format }, report) {
      if (!source.includes('<') && !source.includes('INST]') && !hidesAscii(source)) return;
      const spans: Span[] = [];
      for (const { texts, message } of turns) {
        // A text without turns is where templates are written out by hand.
        if (!message && format.id !== 'instruction') continue;
        for (const { pointer, text } of texts)
          for (const { start, end } of tokensIn(text)) {
            const token = text.slice(start, end);
            const told = `The text holds the control token ${token}, which the chat template writes itself. Remove it.`;
            spans.push({ pointer, start, end, replacement: '', message: told });
          }
      }
      if (spans.length > 0)
        reportSpans(source, spans, report, {
          one: ({ message }) => `Remove ${/token (\S+),/.exec(message)?.[1] ?? 'it'}`,
          all: (count) => `Remove all ${count} control tokens of this record`,
        });
    },
  },
});

function tokensIn(text: string): { readonly start: number; readonly end: number }[] {
  if (!text.includes('<') && !text.includes('INST]')) return [];
  const isCode = codeFinder(text);
  const found = Array.from(text.matchAll(ANY), ({ 0: token, index }) => ({
    token,
    start: index,
    end: index + token.length,
  }));
  // Tokenizers read `<|…|>` even in code; the others may be what a text about Markdown or HTML speaks of.
  const plain = found.filter(({ token, start }) => token.startsWith('<|') || token.startsWith('<｜') || !isCode(start));
  const others = plain.some(({ token }) => !/^<\/?s>$/.test(token));
  const opened = plain.filter(({ token }) => token === '<s>').length;
  const closed = plain.filter(({ token }) => token === '</s>').length;
  return plain.filter(({ token, start, end }) => {
    if (token !== '<s>' && token !== '</s>') return true;
    // A pair is struck-through text. One alone at an end of the text is a token of Llama or Mistral.
    if (others) return true;
    return opened !== closed && (token === '<s>' ? text.slice(0, start).trim() === '' : text.slice(end).trim() === '');
  });
}
