import { Refused, type Raw, type RawMessage } from './conversion-messages';
import { losesDigits } from './lost-digits';
import { asRecord } from './shape';
import { parsedText } from './tools';

const NAMES: Readonly<Record<string, string>> = {
  system: 'system',
  user: 'human',
  assistant: 'gpt',
  tool: 'observation',
};

/** Messages of OpenAI in ShareGPT's spelling, and the lists of images and the like that their texts name. */
export function toShareGpt(
  messages: readonly RawMessage[],
  media: Raw,
  dropped: Set<string>,
): { readonly messages: readonly Raw[]; readonly media: Raw } {
  const lists = new MediaLists(media);
  const written = messages.map((message) => shareGptMessage(message, lists, dropped));
  return { messages: written, media: lists.result() };
}

function shareGptMessage(message: RawMessage, lists: MediaLists, dropped: Set<string>): Raw {
  const { role, content, weight } = message;
  const from = NAMES[role];
  if (from === undefined) throw new Refused(`ShareGPT has no role "${role}".`);
  if (message['reasoning_content'] ?? message['thinking'])
    throw new Refused('ShareGPT has no place for reasoning apart from the answer.');
  for (const key of ['name', 'tool_call_id']) if (message[key] !== undefined) dropped.add(`messages[].${key}`);
  const spoken = content ?? message['refusal'] ?? '';
  const value = typeof spoken === 'string' ? spoken : textOf(spoken, lists);
  const rest = weight === undefined ? {} : { weight };
  const older = asRecord(message['function_call']);
  const calls = message.tool_calls ?? (older ? [{ function: older }] : []);
  if (calls.length === 0) return { from, value, ...rest };
  if (value.trim() !== '') throw new Refused('ShareGPT has no place for a text beside the call of a tool.');
  if (calls.some(({ id }: Raw) => id !== undefined)) dropped.add('messages[].tool_calls[].id');
  const written = calls.map(callOf);
  return { from: 'function_call', value: JSON.stringify(written.length === 1 ? written[0] : written), ...rest };
}

function callOf(call: Raw): Raw {
  const { name, arguments: given } = asRecord(call['function']) ?? {};
  if (typeof given !== 'string') return { name, arguments: given };
  const parsed = parsedText(given);
  if (!parsed.ok) throw new Refused(`The arguments of the call of "${String(name)}" are no JSON.`);
  if (losesDigits(parsed.value))
    throw new Refused(`A number in the arguments of "${String(name)}" has more digits than can be kept.`);
  return { name, arguments: parsed.value };
}

function textOf(content: unknown, lists: MediaLists): string {
  if (!Array.isArray(content)) return '';
  return content
    .map((item) => {
      const part = asRecord(item) ?? {};
      const text = part['text'] ?? part['refusal'];
      return typeof text === 'string' ? text : lists.placeholder(part);
    })
    .join('');
}

const LISTS: Readonly<Record<string, string>> = { image: 'images', video: 'videos', audio: 'audios' };

/** ShareGPT writes `<image>` in the text and the image itself into a list, in the same order. */
class MediaLists {
  readonly #given: Record<string, unknown[]> = {};
  readonly #result: Record<string, unknown[]> = {};

  constructor(media: Raw) {
    for (const key of Object.values(LISTS)) {
      const list = media[key];
      if (Array.isArray(list)) this.#given[key] = [...(list as readonly unknown[])];
    }
    if (media['image'] !== undefined) this.#given['images'] = [media['image'], ...(this.#given['images'] ?? [])];
  }

  placeholder(part: Raw): string {
    const type = String(part['type']);
    const kind = type === 'image_url' ? 'image' : type;
    const list = LISTS[kind];
    if (list === undefined) throw new Refused(`ShareGPT has no place for a part of the type "${type}".`);
    const own = addressIn(part, kind);
    const given = own === undefined ? this.#given[list]?.shift() : own;
    if (given === undefined) throw new Refused(`A part of the type "${type}" has no entry in "${list}".`);
    (this.#result[list] ??= []).push(given);
    return `<${kind}>`;
  }

  /** Entries that no part has named stay in their lists. */
  result(): Raw {
    const keys = Object.values(LISTS).filter((key) => this.#result[key] ?? this.#given[key]);
    return Object.fromEntries(keys.map((key) => [key, [...(this.#result[key] ?? []), ...(this.#given[key] ?? [])]]));
  }
}

function addressIn(part: Raw, kind: string): unknown {
  const url = part['image_url'];
  return asRecord(url)?.['url'] ?? url ?? part[kind] ?? part['url'] ?? part['path'] ?? part['base64'] ?? undefined;
}
