/** What a record asks of a model: its last answer that is trained, and what stands before it. */
import type { Conversation, Example, Message } from '../dataset/conversation';
import { encodeExample, encodePrompt } from '../dataset/labels';
import type { CheckedBase } from '../training/base';

export interface Asked {
  /** The last message before the answer; of a text all that stands before it. */
  readonly prompt: string;
  readonly promptTokens: Int32Array;
  /** As the template renders it, without special tokens. */
  readonly reference: string;
  readonly referenceTokens: number;
  readonly callsTools: boolean;
}

type Base = Pick<CheckedBase, 'template' | 'tokenizer'>;

/**
 * The last answer that is trained, and what stands before it.
 * @throws Failure `template` where the template refuses the beginning of a conversation
 */
export function askedOf(example: Example, line: number, checked: Base): Asked | undefined {
  if (example.kind === 'plain')
    return {
      prompt: example.masked,
      promptTokens: encodePrompt(example.masked, checked),
      reference: example.trained,
      referenceTokens: checked.tokenizer.encode(example.trained).ids.length,
      callsTools: false,
    };
  const at = example.messages.findLastIndex(({ role, trained }) => role === 'assistant' && trained);
  if (at < 0) return undefined;
  const before = example.messages.slice(0, at);
  const answer = example.messages[at]!;
  const tools = example.tools && { tools: example.tools };
  const ids = answerTokens(
    { kind: 'conversation', messages: [...before.map(untrained), answer], ...tools },
    line,
    checked,
  );
  return {
    prompt: before.at(-1)?.content ?? '',
    promptTokens: encodePrompt({ messages: before, ...tools }, checked),
    reference: checked.tokenizer.decode(ids, { skipSpecialTokens: true }),
    referenceTokens: ids.length,
    callsTools: (answer.toolCalls?.length ?? 0) > 0,
  };
}

const untrained = (message: Message): Message => ({ ...message, trained: false });

/** Without the token that ends the turn, which is no part of an answer. */
function answerTokens(conversation: Conversation, line: number, checked: Base): Int32Array {
  const { tokens, trained } = encodeExample(conversation, { ...checked, maxLength: Infinity, line });
  const answer = tokens.filter((_, i) => trained[i] === 1);
  const { template, tokenizer } = checked;
  const end = template.endOfTurn === undefined ? tokenizer.eos?.id : tokenizer.tokenId(template.endOfTurn);
  const ended = end === undefined ? -1 : answer.lastIndexOf(end);
  return ended < 0 ? answer : answer.subarray(0, ended);
}
