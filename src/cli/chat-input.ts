/** What a line that is typed into the chat means. */
import { nearest } from '../common/nearest';

export const CHAT_COMMANDS = {
  system: '[TEXT]  sets the system prompt; without a text it is shown; "/system -" removes it',
  set: '[NAME VALUE]  sets a sampling parameter, such as temperature 0.2; alone it shows all',
  retry: ' answers the last message again, with another seed',
  edit: ' gives the last message back to be changed',
  undo: ' forgets the last message and its answer',
  clear: ' forgets the conversation; the system prompt stays',
  save: 'FILE  adds the conversation with its last answer to a data file, in the format of that file',
  help: ' shows this',
  quit: ' ends the chat',
} as const;
export type ChatCommand = keyof typeof CHAT_COMMANDS;

export type ChatInput =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'command'; readonly name: ChatCommand; readonly argument: string }
  | { readonly kind: 'unknown'; readonly name: string; readonly near: string | undefined };

/** A line that begins with a slash is a command; `//` begins a message with a slash. */
export function readChatInput(line: string): ChatInput {
  const text = line.trim();
  if (text === '') return { kind: 'nothing' };
  if (text.startsWith('//')) return { kind: 'message', text: text.slice(1) };
  const [, name = '', argument = ''] = /^\/(\S*)\s*([^]*)$/.exec(text) ?? [];
  if (!text.startsWith('/')) return { kind: 'message', text };
  if (isCommand(name)) return { kind: 'command', name, argument };
  return { kind: 'unknown', name, near: nearest(name, Object.keys(CHAT_COMMANDS)) };
}

function isCommand(name: string): name is ChatCommand {
  return Object.hasOwn(CHAT_COMMANDS, name);
}
