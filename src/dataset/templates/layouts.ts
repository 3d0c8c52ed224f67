import type { Conversation, Message } from '../conversation';
import type { RenderedConversation, Span } from '../template';
import { escapeRegExp } from '../tokenization/added-tokens';
import { pythonStrip } from './jinja';
import type { Sought } from './sought';
import { sameSpans, spotCheck } from './spot-check';

/** What the template writes around the messages of conversations of one kind (the same roles in the same order). */
interface Layout {
  /** Text before each message's content, and after the last. */
  readonly between: readonly string[];
  /** What becomes of white space around each content. */
  readonly edges: readonly Edge[];
  /** The trained spans: the message, and how far the span reaches beyond its content. */
  readonly spans: readonly { readonly message: number; readonly before: number; readonly after: number }[];
  readonly check: ReturnType<typeof spotCheck>;
}

/** `unknown`: neither, so that a content with such white space is rendered by the template. */
type Edge = 'kept' | 'stripped' | 'unknown';

const REMEMBERED = 2000;
const LONGEST_KEY = 50_000;

/**
 * Renders conversations without the template where a rendering is nothing but fixed text between the contents. What
 * stands between is learned from a rendering with one-off words, for each order of roles and each list of tools.
 * Whatever could change it goes to the template: tool calls, names, empty contents, and contents that hold what the
 * template looks for. The first renderings of each kind and some later ones are compared with the template's: one
 * difference, and the template renders everything from then on.
 * @param render the template's own rendering
 * @param marks what must not be in a content for the spans to be found: control tokens, what opens an answer
 */
export function withLayouts(
  render: (conversation: Conversation) => RenderedConversation,
  sought: Sought,
  marks: readonly string[],
): (conversation: Conversation) => RenderedConversation {
  const layouts = new Map<string, Layout | 'seen' | 'unknown'>();
  const suspicious = anyOf([...sought.parts, ...marks]);
  const whole = new Set(sought.whole);
  let trusted = !sought.unknown;
  return (conversation) => {
    const key = trusted ? keyOf(conversation) : undefined;
    if (key === undefined) return render(conversation);
    let layout = layouts.get(key);
    if (layout === undefined) {
      if (layouts.size >= REMEMBERED) layouts.clear();
      // Most lists of tools come once: learning costs more than a rendering.
      layouts.set(key, 'seen');
      return render(conversation);
    }
    if (layout === 'seen') {
      layout = learn(conversation, render) ?? 'unknown';
      layouts.set(key, layout);
    }
    const usable =
      !(sought.equalValues && hasEqualContents(conversation)) &&
      layout !== 'unknown' &&
      conversation.messages.every(
        ({ content }) =>
          !suspicious(content) &&
          !whole.has(pythonStrip(content)) &&
          !(sought.ends.includes(content[0]!) || sought.ends.includes(content.at(-1)!)),
      );
    const quick = usable && layout !== 'unknown' ? assemble(conversation.messages, layout) : undefined;
    if (!quick || layout === 'unknown') return render(conversation);
    if (!layout.check.wanted()) return quick;
    const real = render(conversation);
    trusted &&= same(quick, real);
    return real;
  };
}

/** The kind of a conversation; `undefined` when it holds more than contents. */
function keyOf({ messages, tools }: Conversation): string | undefined {
  let key = '';
  for (const { role, content, name, toolCalls, toolCallId, reasoning, trained } of messages) {
    if (
      reasoning !== undefined ||
      name !== undefined ||
      toolCallId !== undefined ||
      (toolCalls && toolCalls.length > 0)
    )
      return undefined;
    if (role === 'tool' || role === 'function' || isBlank(content)) return undefined;
    key += trained ? `+${role}` : `-${role}`;
  }
  if (tools && tools.length > 0) key += JSON.stringify(tools);
  return key.length > LONGEST_KEY ? undefined : key;
}

function hasEqualContents({ messages }: Conversation): boolean {
  return new Set(messages.map((message) => message.content)).size < messages.length;
}

function assemble(messages: readonly Message[], { between, edges, spans }: Layout): RenderedConversation | undefined {
  let text = '';
  let next = 0;
  const trainedSpans: Span[] = [];
  for (let i = 0; i < messages.length; i++) {
    let { content } = messages[i]!;
    if (hasSpaceAround(content)) {
      if (edges[i] === 'unknown') return undefined;
      if (edges[i] === 'stripped') content = pythonStrip(content);
    }
    text += between[i]!;
    const start = text.length;
    text += content;
    const span = spans[next];
    if (span?.message === i) {
      trainedSpans.push({ start: start - span.before, end: text.length + span.after });
      next++;
    }
  }
  return { text: text + between[messages.length]!, trainedSpans };
}

const word = (i: number): string => `Xzq${i}qzX`;
const STRANGE = ' "a" \'b\' \\ <c> & É\n\n  ß {{d}} 1.0\t';
const SPACE_BEFORE = '\n ';
const SPACE_AFTER = ' \n';

function learn(
  conversation: Conversation,
  render: (conversation: Conversation) => RenderedConversation,
): Layout | undefined {
  const probe = (contentOf: (i: number) => string): RenderedConversation | undefined => {
    try {
      return render({
        ...conversation,
        messages: conversation.messages.map((message, i) => ({ ...message, content: contentOf(i) })),
      });
    } catch {
      return undefined;
    }
  };
  const { messages } = conversation;
  const plain = probe(word);
  if (!plain) return undefined;
  const { text, trainedSpans } = plain;
  const between: string[] = [];
  const starts: number[] = [];
  let at = 0;
  for (let i = 0; i < messages.length; i++) {
    const start = text.indexOf(word(i), at);
    if (start < 0 || text.indexOf(word(i), start + 1) >= 0) return undefined;
    between.push(text.slice(at, start));
    starts.push(start);
    at = start + word(i).length;
  }
  between.push(text.slice(at));
  const trained = messages.flatMap((message, i) => (message.trained ? [i] : []));
  if (trained.length !== trainedSpans.length) return undefined;
  const spans: { message: number; before: number; after: number }[] = [];
  for (const [n, message] of trained.entries()) {
    const before = starts[message]! - trainedSpans[n]!.start;
    const after = trainedSpans[n]!.end - starts[message]! - word(message).length;
    if (before < 0 || before > between[message]!.length || after < 0 || after > between[message + 1]!.length)
      return undefined;
    spans.push({ message, before, after });
  }
  // A template that escapes or changes what it is given would be seen by the first content that has such characters.
  const layout = { between, edges: messages.map((): Edge => 'kept'), spans, check: spotCheck() };
  const strange = (i: number): string => word(i) + STRANGE + word(i);
  const expected = assemble(
    messages.map((message, i) => ({ ...message, content: strange(i) })),
    layout,
  );
  if (expected?.text !== probe(strange)?.text) return undefined;
  const padded = probe((i) => SPACE_BEFORE + word(i) + SPACE_AFTER);
  return { ...layout, edges: edgesIn(padded?.text ?? '', between) };
}

/** What became of the white space around the words. */
function edgesIn(text: string, between: readonly string[]): Edge[] {
  let at = 0;
  return between.slice(1).map((next, i) => {
    const start = text.indexOf(word(i), at);
    const end = start + word(i).length;
    const before = start < 0 ? '' : text.slice(at, start);
    const rest = text.slice(end);
    at = end;
    if (start < 0) return 'unknown';
    // Of what follows, only the beginning: the next content may have white space of its own.
    if (before.endsWith(between[i]! + SPACE_BEFORE) && rest.startsWith(SPACE_AFTER + next)) return 'kept';
    return before.endsWith(between[i]!) && rest.startsWith(next) ? 'stripped' : 'unknown';
  });
}

function same(a: RenderedConversation, b: RenderedConversation): boolean {
  return a.text === b.text && sameSpans(a.trainedSpans, b.trainedSpans);
}

/** A test whether a text has any of these. Long ones are shortened: that may find more, never less. */
function anyOf(texts: readonly string[]): (text: string) => boolean {
  const beginnings = [...new Set(texts.filter((text) => text !== '').map((text) => text.slice(0, 6)))];
  if (beginnings.length === 0) return () => false;
  const pattern = new RegExp(beginnings.map(escapeRegExp).join('|'));
  return (text) => pattern.test(text);
}

// Wider than any notion of white space that a template engine has.
const isSpace = (code: number): boolean =>
  code <= 0x20 ||
  (code >= 0x7f && code <= 0xa0) ||
  (code >= 0x1680 && (code <= 0x180e || (code >= 0x2000 && /\s/u.test(String.fromCharCode(code)))));

function hasSpaceAround(text: string): boolean {
  return isSpace(text.charCodeAt(0)) || isSpace(text.charCodeAt(text.length - 1));
}

function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isSpace(text.charCodeAt(i))) return false;
  return true;
}
