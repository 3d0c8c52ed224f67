import { formatById, type FormatId } from '../../dataset/formats';
import type { EncodeOptions } from '../../dataset/labels';
import { activeRules, type RuleChoice } from '../line-lint';
import { targetRules } from '../targets';
import { defaultEncoding, modelEncoding } from '../vocabulary';
import type { ChunkTask } from './chunk';

/** How tokens are counted. Without a model the counts are estimates by the default vocabulary. */
export interface TokenCounting {
  readonly maxLength: number;
  /** Path of the base model. */
  readonly model?: string | undefined;
  /** As the setting `template`. */
  readonly template?: string | undefined;
}

/** Which rules run, in a form that can be sent to another thread. */
export type RuleSelection = Pick<RuleChoice, 'severities' | 'ruleOptions'> & {
  /** Service or library that the file shall be sent to. */
  readonly target?: string | undefined;
};

/** What is done with every line of a file, in a form that can be sent to another thread. */
export interface LineJob {
  /** `count`: lines are only counted; `facts`: nothing is checked. */
  readonly kind: 'check' | 'facts' | 'count';
  readonly format: FormatId | undefined;
  readonly forced: boolean;
  readonly rules: RuleSelection;
  readonly facts: boolean;
  readonly tokens: TokenCounting | undefined;
  readonly perRule: number;
}

export function rulesOf({ target, ...choice }: RuleSelection): ReturnType<typeof activeRules> {
  return activeRules({ ...choice, extraRules: target === undefined ? [] : targetRules(target) });
}

export function taskOf(job: LineJob): ChunkTask {
  const { kind, format, forced, rules, facts, tokens, perRule } = job;
  if (kind === 'count') return { lint: undefined, perRule };
  const lint = {
    format: format === undefined ? undefined : formatById(format),
    forced,
    rules: kind === 'check' ? rulesOf(rules) : [],
    encode: tokens && encodingOf(tokens),
    facts,
  };
  return { lint, perRule };
}

/** @throws Failure (exit code 2) when the model has no usable tokenizer or template */
export function encodingOf({ model, template, maxLength }: TokenCounting): EncodeOptions {
  return model === undefined ? defaultEncoding(maxLength, template) : modelEncoding(model, { maxLength, template });
}
