import type { Turn } from '../../dataset/formats';
import { callsOf, type CallPlace } from '../../dataset/tools';
import { editFix, RecordEditor, type Fix } from '../fixes';
import { defineRule, type Report } from './rule';

export const orphanToolResult = defineRule({
  meta: {
    id: 'orphan-tool-result',
    title: 'Result of a tool and its call do not belong together',
    why: 'A result without a call, or a call whose result never comes, shows the model a dialogue that cannot happen. Many chat templates refuse it.',
    whatToDo: 'Put each result right after the call that it answers, with the same id, and answer every call.',
    defaultSeverity: 'error',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"messages": [{"role": "user", "content": "Weather in Bonn?"}, {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "weather", "arguments": "{}"}}]}, {"role": "tool", "tool_call_id": "a", "content": "Sun"}, {"role": "assistant", "content": "The sun shines."}]}\n',
        },
        {
          text: '{"messages": [{"role": "user", "content": "Weather in Bonn?"}, {"role": "assistant", "content": "<tool_call>{\\"name\\": \\"weather\\"}</tool_call>"}, {"role": "tool", "content": "Sun"}, {"role": "assistant", "content": "The sun shines."}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"messages": [{"role": "user", "content": "Weather in Bonn?"}, {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "weather", "arguments": "{}"}}]}, {"role": "tool", "tool_call_id": "b", "content": "Sun"}, {"role": "assistant", "content": "The sun shines."}]}\n',
          lines: [1],
        },
        {
          text: '{"messages": [{"role": "user", "content": "Weather in Bonn?"}, {"role": "tool", "content": "Sun"}, {"role": "assistant", "content": "The sun shines."}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ turns, source }, report) {
      if (!turns.some((turn) => turn.callsTools || isResult(turn))) return;
      const prompt = new Pairing(source, report);
      for (const turn of turns) if (turn.side === 'prompt' || turn.side === 'answer') prompt.add(turn);
      for (const side of ['chosen', 'rejected'] as const) {
        const own = turns.filter((turn) => turn.side === side);
        if (own.length === 0) continue;
        const branch = prompt.copy();
        for (const turn of own) branch.add(turn);
      }
    },
  },
});

function isResult({ role }: Turn): boolean {
  return role === 'tool' || role === 'function';
}

/** Signs that a turn calls a tool in its text. */
const CALL_IN_TEXT = /tool_?call|function|python_tag|\baction\b|^\s*[[{<]/i;

class Pairing {
  /** Calls that still want a result; the last turn that was no result made them. */
  #waiting: readonly CallPlace[] = [];
  #seen = new Set<string>();
  /** Calls that were reported; both ends of a preference go on from the same prompt. */
  #reported = new Set<CallPlace>();
  /** Some result has come since the last calls. */
  #answered = false;
  /** The last turn of the assistant may have called a tool in its text. */
  #inText = false;

  readonly #source: string;
  readonly #report: Report;

  constructor(source: string, report: Report) {
    this.#source = source;
    this.#report = report;
  }

  copy(): Pairing {
    const other = new Pairing(this.#source, this.#report);
    other.#waiting = this.#waiting;
    other.#seen = new Set(this.#seen);
    other.#reported = this.#reported;
    other.#inText = this.#inText;
    other.#answered = this.#answered;
    return other;
  }

  add(turn: Turn): void {
    if (isResult(turn)) this.#result(turn);
    else {
      this.#endOfResults();
      if (turn.role !== 'assistant') this.#inText = false;
      else {
        this.#waiting = callsOf(turn);
        this.#inText = turn.callsTools ? this.#waiting.length === 0 : CALL_IN_TEXT.test(turn.text);
      }
    }
  }

  #result(turn: Turn): void {
    const given = turn.message?.['tool_call_id'];
    const id = typeof given === 'string' && given !== '' ? given : undefined;
    const withId = this.#waiting.findIndex((call) => call.id !== undefined && call.id === id);
    // Calls or results without an id belong together by their order.
    const place =
      id === undefined ? 0 : withId >= 0 ? withId : this.#waiting.findIndex((call) => call.id === undefined);
    const call = this.#waiting[place];
    this.#answered = true;
    if (call) {
      this.#waiting = this.#waiting.filter((other) => other !== call);
      if (call.id !== undefined) this.#seen.add(call.id);
      return;
    }
    if (this.#inText) return;
    const pointer = id === undefined ? turn.rolePointer : `${turn.pointer}/tool_call_id`;
    const only = this.#waiting.length === 1 ? this.#waiting[0] : undefined;
    const meant = id === undefined ? undefined : only?.id;
    this.#report({ pointer, message: this.#why(id), fixes: () => this.#fixes(turn, meant) });
    // One mistake is one finding: the result counts as that of the call that waits for it.
    if (only) this.#waiting = [];
  }

  #why(id: string | undefined): string {
    if (id === undefined)
      return this.#seen.size > 0
        ? 'There are more results than calls before this one. Remove it, or add its call.'
        : 'This result answers no call: the assistant called no tool before it. Add the call, or remove the result.';
    return this.#seen.has(id)
      ? `The call "${id}" has its result already. Remove this one, or give it the id of another call.`
      : `No call before this result has the id "${id}". Give it the id of its call, and put it right after that.`;
  }

  /** @param meant id of the only call that waits for a result */
  #fixes(turn: Turn, meant: string | undefined): readonly Fix[] {
    const editor = new RecordEditor(this.#source);
    if (meant !== undefined)
      return editFix(`Give it the id "${meant}"`, false, editor.replace(`${turn.pointer}/tool_call_id`, meant));
    return editFix('Remove this result', false, editor.removeItems([turn.pointer]));
  }

  #endOfResults(): void {
    for (const call of this.#waiting) {
      // One result may answer several calls, where none of them has an id.
      if ((call.id === undefined && this.#answered) || this.#reported.has(call)) continue;
      this.#reported.add(call);
      this.#report({
        pointer: call.idPointer ?? call.pointer,
        message: `The dialogue goes on without the result of this call${call.id === undefined ? '' : ` ("${call.id}")`}. Add a message of the role "tool" with it, right after the call.`,
      });
    }
    this.#waiting = [];
    this.#answered = false;
  }
}
