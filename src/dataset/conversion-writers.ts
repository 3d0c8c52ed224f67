import { Refused, withCallIds, type Raw, type RawMessage } from './conversion-messages';
import { toShareGpt } from './conversion-sharegpt';
import type { FormatId } from './formats';

/** How preferences are written: TRL's `chosen` and `rejected`, or OpenAI's `preferred_output` and its opposite. */
export const STYLES = ['trl', 'openai'] as const;
export type Style = (typeof STYLES)[number];

/** What a record says, in OpenAI's messages. */
export interface Source {
  readonly prompt: readonly RawMessage[];
  readonly answer: readonly RawMessage[];
  readonly rejected: readonly RawMessage[] | undefined;
  /** The same as plain texts, where the record is written so. */
  readonly plain:
    { readonly prompt: string; readonly answer: string; readonly rejected: string | undefined } | undefined;
  readonly tools: readonly unknown[] | undefined;
  readonly parallel: unknown;
  /** `images` and the like, as the record has them. */
  readonly media: Raw;
}

/** Throws `Refused` when the format cannot say what the source says. */
export function writeRecord(source: Source, to: FormatId, style: Style, dropped: Set<string>): readonly Raw[] {
  if (source.answer.length === 0) throw new Refused('It has no answer.');
  switch (to) {
    case 'chat': {
      dropRejected(source, dropped);
      return [{ messages: withCallIds([...source.prompt, ...source.answer]), ...toolsOf(source), ...source.media }];
    }
    case 'sharegpt': {
      dropRejected(source, dropped);
      const { messages, media } = toShareGpt([...source.prompt, ...source.answer], source.media, dropped);
      if (source.parallel !== undefined) dropped.add('parallel_tool_calls');
      const tools = source.tools ? { tools: JSON.stringify(source.tools) } : {};
      return [{ conversations: messages, ...tools, ...media }];
    }
    case 'instruction':
      dropRejected(source, dropped);
      return [toInstruction(source, dropped)];
    case 'completion':
      dropRejected(source, dropped);
      return [toCompletion(source, source.answer, source.plain?.answer)];
    case 'preference':
      return [toPreference(source, style)];
    case 'unpaired-preference':
      return [
        { ...toCompletion(source, source.answer, source.plain?.answer), label: true },
        { ...toCompletion(source, source.rejected ?? [], source.plain?.rejected), label: false },
      ];
    case 'text':
      throw new Refused('A plain text cannot say which part of it is trained.');
    default:
      return to satisfies never;
  }
}

function dropRejected({ rejected }: Source, dropped: Set<string>): void {
  if (rejected) dropped.add('the rejected answer');
}

function toolsOf({ tools, parallel }: Source): Raw {
  return {
    ...(tools ? { tools } : {}),
    ...(typeof parallel === 'boolean' ? { parallel_tool_calls: parallel } : {}),
  };
}

/** Only for messages that another key already says not to train. */
function withoutWeights(messages: readonly RawMessage[]): readonly Raw[] {
  return messages.map(({ weight: _weight, ...message }) => message);
}

function toCompletion(source: Source, answer: readonly RawMessage[], plain: string | undefined): Raw {
  if (source.plain && plain !== undefined)
    return { prompt: source.plain.prompt, completion: plain, ...toolsOf(source), ...source.media };
  if (answer.length === 0) throw new Refused('It has no answer.');
  if (source.prompt.length === 0) throw new Refused('It has no prompt.');
  const earlier = source.rejected ? 0 : source.prompt.filter((one) => isTrained(one)).length;
  if (earlier > 0)
    throw new Refused(
      `It trains ${earlier + 1} answers, and a completion is only one. Give the earlier ones weight 0.`,
    );
  if (!source.rejected && !answer.some((one) => isTrained(one)))
    throw new Refused('Its last message is no answer that is trained.');
  const all = withCallIds([...source.prompt, ...answer]);
  const cut = source.prompt.length;
  return {
    prompt: withoutWeights(all.slice(0, cut)),
    completion: all.slice(cut),
    ...toolsOf(source),
    ...source.media,
  };
}

function isTrained({ role, weight }: RawMessage): boolean {
  return role === 'assistant' && weight !== 0;
}

const NO_MEDIA = 'An instruction has no place for images or recordings.';

function toInstruction({ prompt, answer, plain, tools, media, parallel }: Source, dropped: Set<string>): Raw {
  if (tools) throw new Refused('An instruction has no place for tools.');
  if (plain) {
    if (Object.keys(media).length > 0) throw new Refused(NO_MEDIA);
    if (parallel !== undefined) dropped.add('parallel_tool_calls');
    return { instruction: plain.prompt, output: plain.answer };
  }
  const messages = [...prompt, ...answer];
  const [asked, said] = messages;
  if (messages.length !== 2 || asked?.role !== 'user' || said?.role !== 'assistant')
    throw new Refused(
      `An instruction is one question and one answer, but this is ${messages.map(({ role }) => role).join(', ')}.`,
    );
  if (said.weight === 0) throw new Refused('Its answer has the weight 0, which an instruction cannot say.');
  if (said.tool_calls ?? said['function_call']) throw new Refused('An instruction has no place for calls of tools.');
  if (said['reasoning_content'] ?? said['thinking']) throw new Refused('An instruction has no place for reasoning.');
  const output = said.content ?? said['refusal'];
  if (typeof asked.content !== 'string' || typeof output !== 'string' || Object.keys(media).length > 0)
    throw new Refused(NO_MEDIA);
  for (const { name } of messages) if (name !== undefined) dropped.add('messages[].name');
  if (parallel !== undefined) dropped.add('parallel_tool_calls');
  return { instruction: asked.content, output };
}

function toPreference(source: Source, style: Style): Raw {
  const rejected = source.rejected ?? [];
  const prompt = withoutWeights(source.prompt);
  if (style === 'openai') {
    if (Object.keys(source.media).length > 0)
      throw new Refused("OpenAI's preferences have no list of images; they are parts of the content there.");
    return {
      input: { messages: prompt, ...toolsOf(source) },
      preferred_output: source.answer,
      non_preferred_output: rejected,
    };
  }
  if (source.plain)
    return {
      prompt: source.plain.prompt,
      chosen: source.plain.answer,
      rejected: source.plain.rejected,
      ...toolsOf(source),
      ...source.media,
    };
  return { prompt, chosen: source.answer, rejected, ...toolsOf(source), ...source.media };
}
