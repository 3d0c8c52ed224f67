import type { Rule } from '../rules';
import { fireworks } from './fireworks';
import { openai } from './openai';
import type { Target } from './target';
import { together } from './together';
import { trl } from './trl';

export const TARGETS: Readonly<Record<string, { readonly target: Target; readonly rule: Rule }>> = {
  openai,
  together,
  fireworks,
  trl,
};

/** The rules of a target, for `LintOptions.extraRules`; `undefined` when there is no such target. */
export function targetRules(id: string): readonly Rule[] | undefined {
  const found = Object.hasOwn(TARGETS, id) ? TARGETS[id] : undefined;
  return found && [found.rule];
}
