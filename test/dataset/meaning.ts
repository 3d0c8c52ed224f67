import type { Example } from '../../src/dataset/conversation';

/** What a model reads and learns: without identifiers, and with arguments as values. */
export function meaning(example: Example | undefined): unknown {
  if (example?.kind !== 'conversation') return example;
  return {
    tools: example.tools,
    messages: example.messages.map(({ role, content, toolCalls, trained, reasoning, media }) => ({
      role,
      content,
      trained,
      reasoning,
      media,
      calls: toolCalls?.map((call) => [call.function.name, parsed(call.function.arguments)]),
    })),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
