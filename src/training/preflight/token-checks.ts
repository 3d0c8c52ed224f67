import { basename } from 'node:path';
import type { EncodedExample } from '../../dataset/example';
import type { CheckedBase } from '../base';
import type { LoadedFile } from '../data';
import { type Finding, MANY, countOf, linesText, severityFor } from './finding';

type Base = Pick<CheckedBase, 'template' | 'tokenizer'>;

/** What stands at the two ends of what is trained: the begin-of-text token and the end of an answer. */
export function tokenFindings(file: LoadedFile, base: Base): Finding[] {
  if (file.examples.length === 0) return [];
  const conversations = file.sample.some(({ example }) => example.kind === 'conversation');
  return [...doubledBos(file, base), ...(conversations ? endOfTurn(file, base) : endOfText(base))];
}

function doubledBos({ path, examples }: LoadedFile, { template, tokenizer }: Base): Finding[] {
  const { bos } = tokenizer;
  if (!bos) return [];
  const found = examples.filter(({ tokens }) => tokens[0] === bos.id && tokens[1] === bos.id);
  if (found.length === 0) return [];
  return [
    {
      code: 'doubled-bos',
      severity: severityFor(found.length / examples.length, MANY),
      message: `${basename(path)}: ${countOf(found.length, examples.length)} with ${bos.text} twice at the beginning, ${linesText(found.map(({ line }) => line))}.`,
      hint: tokenizer.prefix.includes(bos.id)
        ? `The tokenizer writes it by itself: remove ${bos.text} from the records.`
        : `Remove one ${bos.text} from the records or from the chat template (in use is "${template.source}").`,
    },
  ];
}

function endOfText({ tokenizer }: Base): Finding[] {
  if (tokenizer.eos || tokenizer.suffix.length > 0) return [];
  return [
    {
      code: 'end-of-turn-not-trained',
      severity: 'warns',
      message: 'The tokenizer names no end-of-text token, so the model will not learn to stop.',
      hint: 'Name it as eos_token in tokenizer_config.json of the model.',
    },
  ];
}

function endOfTurn(file: LoadedFile, { template, tokenizer }: Base): Finding[] {
  const text = template.endOfTurn;
  if (text === undefined)
    return [
      {
        code: 'end-of-turn-not-trained',
        severity: 'blocks',
        message: `The chat template "${template.source}" writes no token at the end of an answer, so the model will not learn to stop.`,
        hint: 'Set template to chatml or alpaca.',
      },
    ];
  const id = tokenizer.tokenId(text);
  if (id === undefined)
    return [
      {
        code: 'end-of-turn-in-pieces',
        severity: 'warns',
        message: `The template "${template.source}" ends an answer with ${text}, which is no token of this model but several.`,
        hint: 'Programs that run the model must stop at this text. A model with a chat template of its own has such a token.',
      },
    ];
  // Templates may end a tool call with another token than an answer.
  const ends = new Set([id, ...tokenizer.specialTokens.map((token) => tokenizer.tokenId(token))]);
  const whole = file.examples.filter((example) => example.lostTokens === 0);
  const without = whole.filter((example) => !trainsAnEnd(example, ends));
  if (without.length === 0) return [];
  const where = `${basename(file.path)}: ${countOf(without.length, whole.length)}`;
  const lines = linesText(without.map(({ line }) => line));
  const severity = severityFor(without.length / whole.length, MANY);
  const isPad = tokenizer.pad?.id === id && without.every(({ tokens }) => tokens.includes(id));
  return [
    isPad
      ? {
          code: 'pad-is-end-of-turn',
          severity,
          message: `${where} with ${text} at the end of an answer, which is also the pad token, and not trained: ${lines}.`,
          hint: 'Name another pad_token in tokenizer_config.json of the model, or set template to chatml.',
        }
      : {
          code: 'end-of-turn-not-trained',
          severity,
          message: `${where} with an answer whose end, ${text}, is not trained: ${lines}.`,
          hint: `Set template to chatml or alpaca (in use is "${template.source}").`,
        },
  ];
}

/** Whether some trained part ends with one of these tokens. */
function trainsAnEnd({ tokens, trained }: EncodedExample, ends: ReadonlySet<number | undefined>): boolean {
  for (let i = 0; i < tokens.length; i++)
    if (trained[i] === 1 && trained[i + 1] !== 1 && ends.has(tokens[i])) return true;
  return false;
}
