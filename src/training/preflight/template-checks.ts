import { basename } from 'node:path';
import { Failure } from '../../common/failure';
import type { Conversation } from '../../dataset/conversation';
import type { ChatTemplate } from '../../dataset/template';
import type { Tokenizer } from '../../dataset/tokenizer';
import type { CheckedBase } from '../base';
import type { LoadedFile } from '../data';
import { type Finding, MANY, countOf, linesText, severityFor } from './finding';

type Base = Pick<CheckedBase, 'template' | 'tokenizer'>;

/** Whether text, prompt and tokens of the sampled records agree with each other. */
export function templateFindings(file: LoadedFile, { template, tokenizer }: Base): Finding[] {
  return [...roundTrip(file, template), ...lostText(file, template, tokenizer)];
}

/** How the text of a conversation differs from what it should be; from bad to tolerable. */
const DIFFERENCES = {
  unstable: 'is written differently each time',
  'last prompt': 'has another text before its last answer than the prompt for that answer',
  'earlier prompt': 'has another text before an earlier answer than the prompt for that answer had',
  opening: 'opens an answer differently than the prompt for it does',
} as const;
type Difference = keyof typeof DIFFERENCES;

function roundTrip({ path, sample }: LoadedFile, template: ChatTemplate): Finding[] {
  const found: { readonly line: number; readonly difference: Difference }[] = [];
  for (const { line, example } of sample) {
    const difference = example.kind === 'conversation' ? differenceOf(example, template) : undefined;
    if (difference) found.push({ line, difference });
  }
  return (Object.keys(DIFFERENCES) as Difference[]).flatMap((difference): Finding[] => {
    const lines = found.filter((one) => one.difference === difference).map(({ line }) => line);
    if (lines.length === 0) return [];
    const bad = difference === 'unstable' || difference === 'last prompt';
    return [
      {
        code: 'template-round-trip',
        severity: bad ? severityFor(lines.length / sample.length, MANY) : 'warns',
        message: `The chat template "${template.source}": ${countOf(lines.length, sample.length)} that were looked at ${lines.length === 1 ? 'is' : 'are'} affected (${basename(path)}, ${linesText(lines)}); a record ${DIFFERENCES[difference]}.`,
        hint: bad
          ? 'Set template to chatml or alpaca, or correct chat_template in tokenizer_config.json of the model.'
          : 'Many templates do so with earlier reasoning. Compare with "fine-tune preview"; chatml writes every answer the same way.',
      },
    ];
  });
}

function differenceOf(conversation: Conversation, template: ChatTemplate): Difference | undefined {
  const { messages, tools } = conversation;
  const { text } = template.render(conversation);
  if (template.render(conversation).text !== text) return 'unstable';
  const last = messages.findLastIndex((message) => message.trained);
  const differences = messages.flatMap((message, i): Difference[] => {
    if (!message.trained || i === 0 || messages[i - 1]!.role === 'assistant') return [];
    const prompt = promptOf(template, messages.slice(0, i), tools);
    if (prompt === undefined || text.startsWith(prompt)) return [];
    const same = commonLength(prompt, text);
    const asked = messages[i - 1]!.content.trim();
    const at = asked === '' ? -1 : prompt.lastIndexOf(asked);
    // Only behind the question: what is said is the same. A question that is written in another form cannot be found.
    if (at < 0 || same >= at + asked.length) return ['opening'];
    return [i === last ? 'last prompt' : 'earlier prompt'];
  });
  return (Object.keys(DIFFERENCES) as Difference[]).find((one) => differences.includes(one));
}

/** A template may refuse a part of a conversation that it takes as a whole; that says nothing. */
function promptOf(
  template: ChatTemplate,
  messages: Conversation['messages'],
  tools: Conversation['tools'],
): string | undefined {
  try {
    return template.renderPrompt(messages, tools);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

const SHOWN = 24;

function lostText({ path, sample }: LoadedFile, template: ChatTemplate, tokenizer: Tokenizer): Finding[] {
  const lines: number[] = [];
  let shown: string | undefined;
  for (const { line, example } of sample) {
    const text =
      example.kind === 'conversation' ? template.render(example).text : `${example.masked}${example.trained}`;
    const wanted = comparable(text);
    const written = comparable(tokenizer.decode(tokenizer.encode(text).ids));
    if (wanted === written) continue;
    lines.push(line);
    const at = commonLength(wanted, written);
    shown ??= `"${excerpt(wanted, at)}" becomes "${excerpt(written, at)}"`;
  }
  if (lines.length === 0) return [];
  return [
    {
      code: 'text-lost-in-tokens',
      severity: severityFor(lines.length / sample.length, MANY),
      message: `${basename(path)}: ${countOf(lines.length, sample.length)} that were looked at lose text in their tokens, ${linesText(lines)}: ${shown}.`,
      hint: 'The tokenizer of the model has no tokens for this text. Use a model that knows the language and the characters of the data.',
    },
  ];
}

/** What tokenizers change on purpose is no loss: forms of the same character, white space, control characters. */
function comparable(text: string): string {
  return text.normalize('NFKC').replaceAll(/[\s\p{C}▁]/gu, '');
}

function excerpt(text: string, at: number): string {
  return [...text.slice(at)].slice(0, SHOWN).join('');
}

function commonLength(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a[at] === b[at]) at++;
  return at;
}
