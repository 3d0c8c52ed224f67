import type { Message } from '../conversation';

/** A message as chat templates expect it (the field names of `transformers`). */
export interface TemplateMessage {
  readonly role: string;
  readonly content: string;
  readonly name?: string;
  readonly tool_calls?: readonly {
    readonly id?: string;
    readonly type: 'function';
    readonly function: { readonly name: string; readonly arguments: unknown };
  }[];
  readonly tool_call_id?: string;
  /** The name that most templates know; `thinking` says the same to those of gpt-oss. */
  readonly reasoning_content?: string;
  readonly thinking?: string;
}

/**
 * Turns messages into what a template reads. Roles that the template does not know get their older name: `developer`
 * becomes `system`, `function` becomes `tool`. Arguments of tool calls are parsed, since templates write them as JSON.
 */
export function templateMessages(
  messages: readonly Message[],
  knows: { readonly developer: boolean; readonly function: boolean },
): TemplateMessage[] {
  return messages.map((message) => ({
    role:
      message.role === 'developer' && !knows.developer
        ? 'system'
        : message.role === 'function' && !knows.function
          ? 'tool'
          : message.role,
    content: message.content,
    ...(message.name === undefined ? {} : { name: message.name }),
    ...(message.toolCallId === undefined ? {} : { tool_call_id: message.toolCallId }),
    ...(message.reasoning === undefined ? {} : { reasoning_content: message.reasoning, thinking: message.reasoning }),
    ...(message.toolCalls === undefined || message.toolCalls.length === 0
      ? {}
      : {
          tool_calls: message.toolCalls.map((call) => ({
            ...(call.id === undefined ? {} : { id: call.id }),
            type: call.type,
            function: { name: call.function.name, arguments: parsed(call.function.arguments) },
          })),
        }),
  }));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
