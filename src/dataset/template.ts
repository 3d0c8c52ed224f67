import { Failure } from '../common/failure';
import type { Conversation, Message } from './conversation';
import { asRecord } from './shape';
import { renderAlpaca } from './templates/alpaca';
import { CHATML } from './templates/chatml';
import { compileJinja, type JinjaTemplate } from './templates/jinja';
import { findEdges, withBeginning, withEndOfTurn } from './templates/edges';
import { withLayouts } from './templates/layouts';
import { templateMessages, type TemplateMessage } from './templates/messages';
import { sameSpans, spotCheck } from './templates/spot-check';
import { openingMarks, spansByMarks } from './templates/turn-marks';
import { hasGenerationTags, markGeneration, spansByContent, spansBySentinel } from './templates/spans';

/** UTF-16 range of a rendered text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface RenderedConversation {
  readonly text: string;
  /** The assistant's parts with their end-of-turn token, in order, not overlapping. */
  readonly trainedSpans: readonly Span[];
}

export interface ChatTemplate {
  readonly source: 'model' | 'chatml' | 'alpaca';
  /** Throws a `Failure` (code `template`) when the template refuses the conversation. */
  render(conversation: Conversation): RenderedConversation;
  /** Text that ends where the assistant's next answer begins. */
  renderPrompt(messages: readonly Message[], tools?: readonly unknown[]): string;
  /** The token that ends an assistant turn; `undefined` when the template writes none. */
  readonly endOfTurn: string | undefined;
}

export interface TemplateOptions {
  /** `chatml` and `alpaca` are built in; `jinja` is the model's own. */
  readonly source: 'chatml' | 'alpaca' | { readonly jinja: string };
  readonly bosToken?: string | undefined;
  readonly eosToken?: string | undefined;
  /** Texts of the tokenizer's control tokens: what an end-of-turn token may be. */
  readonly specialTokens?: readonly string[] | undefined;
}

/** Throws a `Failure` (code `template`) when the Jinja cannot be read. */
export function createTemplate(options: TemplateOptions): ChatTemplate {
  if (options.source === 'alpaca') return alpaca(options.eosToken ?? '');
  const jinja = options.source === 'chatml' ? CHATML : options.source.jinja;
  const source = options.source === 'chatml' ? 'chatml' : 'model';
  const template = compile(markGeneration(jinja, 'none'));
  const marked = hasGenerationTags(jinja) ? compile(markGeneration(jinja, 'visible')) : undefined;
  const roles = { developer: jinja.includes('developer'), function: /(?<!\[)['"]function['"]/.test(jinja) };
  const variables = { bos_token: options.bosToken ?? '', eos_token: options.eosToken ?? '' };
  const renderWith = (
    which: JinjaTemplate,
    messages: readonly TemplateMessage[],
    tools: readonly unknown[] | undefined,
    add_generation_prompt: boolean,
  ): string => {
    try {
      const tooled = tools && tools.length > 0 ? { tools } : {};
      return which.render({ messages, add_generation_prompt, ...variables, ...tooled });
    } catch (error) {
      throw refused(error);
    }
  };
  const surroundings = `${jinja}${variables.bos_token}${variables.eos_token}`;
  const edges = findEdges(options, (messages, prompt) => renderWith(template, messages, undefined, prompt));
  // What a template does with tool calls and reasoning does not follow from what it does without.
  const checks = { plain: spotCheck(), calls: spotCheck(), reasoning: spotCheck() };
  const render = ({ messages: turns, tools }: Conversation): RenderedConversation => {
    const messages = templateMessages(turns, roles);
    const text = renderWith(template, messages, tools, false);
    const same = template.sought.equalElements ? equalToLast(messages) : undefined;
    // Where it is written in the same way as the last one, it makes no difference which of them is meant.
    if (same !== undefined && !text.startsWith(renderWith(template, messages.slice(0, same + 1), tools, false)))
      throw refused(new Error('it compares messages with each other, and two messages of the record are the same'));
    requireTools(text, turns, tools);
    requireText(text, turns);
    const tagged = marked && spansBySentinel(renderWith(marked, messages, tools, false), text, turns);
    if (tagged) return { text, trainedSpans: withEndOfTurn(text, tagged, edges) };
    const quick = spansByMarks(text, turns, edges);
    const marks = checks[kindOf(turns)];
    if (quick && !marks.wanted()) return { text, trainedSpans: quick };
    const again = (changed: readonly TemplateMessage[]): string => renderWith(template, changed, tools, false);
    const spans = spansByContent(
      text,
      messages,
      turns.map((turn) => turn.trained),
      again,
      surroundings + JSON.stringify(tools ?? []),
      edges.endings,
    );
    const trainedSpans = withEndOfTurn(text, withBeginning(text, spans, edges), edges);
    if (quick) marks.compared(sameSpans(quick, trainedSpans));
    return { text, trainedSpans };
  };
  return {
    source,
    endOfTurn: edges.endOfTurn,
    render: withLayouts(render, template.sought, [...edges.endings, ...edges.closings, ...openingMarks(edges.opening)]),
    renderPrompt: (turns, tools) => renderWith(template, templateMessages(turns, roles), tools, true),
  };
}

/**
 * An earlier message that is the same as the last one, or as the last of the user: those are what templates compare with.
 * Python compares what messages hold, the library which of them it is.
 */
function equalToLast(messages: readonly TemplateMessage[]): number | undefined {
  const written = messages.map((message) => JSON.stringify(message));
  const user = messages.findLastIndex((message) => message.role === 'user');
  return [user, messages.length - 1].flatMap((last) => {
    const first = last > 0 ? written.indexOf(written[last]!) : last;
    return first < last ? [first] : [];
  })[0];
}

function kindOf(turns: readonly Message[]): 'plain' | 'calls' | 'reasoning' {
  if (turns.some((turn) => turn.reasoning !== undefined)) return 'reasoning';
  return turns.some((turn) => turn.toolCalls && turn.toolCalls.length > 0) ? 'calls' : 'plain';
}

function alpaca(eosToken: string): ChatTemplate {
  return {
    source: 'alpaca',
    endOfTurn: eosToken === '' ? undefined : eosToken,
    render: (conversation) => renderAlpaca(conversation, eosToken),
    renderPrompt: (messages, tools) =>
      renderAlpaca({ kind: 'conversation', messages, ...(tools ? { tools } : {}) }, eosToken).text,
  };
}

function compile(jinja: string): JinjaTemplate {
  try {
    return compileJinja(jinja);
  } catch (error) {
    throw new Failure(
      'template',
      `The chat template of the model cannot be read: ${reason(error)}`,
      'Choose the template "chatml" or "alpaca" instead of the model\'s own.',
      2,
    );
  }
}

function refused(error: unknown): Failure {
  return new Failure(
    'template',
    `The chat template refuses this record: ${reason(error)}`,
    'Change the order or the roles of its messages, or choose another template ("chatml" takes any order).',
    2,
  );
}

const reason = (error: unknown): string => {
  const text = (error instanceof Error ? error.message : String(error)).trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
};

/** A template that leaves out what a record holds would train something else than the record says. */
function requireTools(text: string, turns: readonly Message[], tools: readonly unknown[] | undefined): void {
  const called = turns.flatMap((turn) => turn.toolCalls ?? []).find((call) => !text.includes(call.function.name));
  if (called) throw leftOut(`the call of "${called.function.name}"`);
  const names = (tools ?? []).map(
    (tool) => asRecord(asRecord(tool)?.['function'])?.['name'] ?? asRecord(tool)?.['name'],
  );
  const name = names.find((one) => typeof one === 'string' && !text.includes(one));
  if (name !== undefined) throw leftOut(`the tool "${String(name)}"`);
  // Templates leave out what was thought in earlier turns; that of the last answer is always written.
  const last = turns.at(-1);
  if (last?.trained && last.reasoning !== undefined && !text.includes(last.reasoning.trim()))
    throw new Failure(
      'template',
      'The chat template leaves the reasoning of the last answer out of the text.',
      'Choose a template that knows "reasoning_content", or write the reasoning into the content.',
      2,
    );
}

/** Python's Jinja fails where a text and an object are joined; the library writes a text that means nothing. */
function requireText(text: string, turns: readonly Message[]): void {
  const at = /\[object [A-Z]\w+\]/.exec(text);
  if (at && !turns.some((turn) => turn.content.includes(at[0])))
    throw refused(new Error('it joins a text with an object, such as the arguments of a tool call'));
}

function leftOut(what: string): Failure {
  return new Failure(
    'template',
    `The chat template leaves ${what} out of the text.`,
    'Choose a template that knows tools ("chatml" does), or remove the tools from the records.',
    2,
  );
}
