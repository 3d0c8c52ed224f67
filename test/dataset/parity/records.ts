import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Conversation } from '../../../src/dataset/conversation';
import { chat } from '../../../src/dataset/formats/chat';
import { instruction } from '../../../src/dataset/formats/instruction';
import { sharegpt } from '../../../src/dataset/formats/sharegpt';

type Row = Readonly<Record<string, unknown>>;

/** 500 real records: instructions, dialogues that call tools, and reasoning with tools. */
export function parityRecords(folder: string): Conversation[] {
  const read = (name: string): Row[] => {
    const text = readFileSync(join(folder, 'llamafactory', name), 'utf8');
    if (name.endsWith('.json')) return JSON.parse(text) as Row[];
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
  };
  return [
    ...read('alpaca_en_demo.json').slice(0, 250).map(instruction.toExample),
    ...read('glaive_toolcall_en_demo.json').slice(0, 200).map(sharegpt.toExample),
    ...read('reason_tool_use_demo_50.jsonl').map(chat.toExample),
  ]
    .filter((example): example is Conversation => example?.kind === 'conversation')
    .map(withCallIds);
}

/** Mistral's templates want every call of a tool to have an id of nine letters or digits. */
function withCallIds(conversation: Conversation): Conversation {
  let calls = 0;
  let answers = 0;
  const id = (n: number): string => `call${String(n).padStart(5, '0')}`;
  const messages = conversation.messages.map((message) => ({
    ...message,
    ...(message.toolCalls && { toolCalls: message.toolCalls.map((call) => ({ ...call, id: id(calls++) })) }),
    ...(message.role === 'tool' && { toolCallId: id(answers++) }),
  }));
  return { ...conversation, messages };
}
