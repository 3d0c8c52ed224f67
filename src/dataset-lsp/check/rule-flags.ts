import { Failure } from '../../common/failure';
import { nearest } from '../../common/nearest';
import { RULES, SEVERITY_CHOICES, type Rule, type SeverityChoice } from '../rules';
import type { RuleOptions } from '../rules/rule';
import type { RuleSelection } from './job';

/**
 * Reads the pairs `rule=severity` and `rule.option=value` of the command line.
 * Throws a `Failure` (exit code 2) that names the nearest rule or option.
 * @param extra rules besides the ordinary ones
 */
export function parseRuleFlags(
  pairs: readonly string[],
  extra: readonly Rule[] = [],
): Required<Pick<RuleSelection, 'severities' | 'ruleOptions'>> {
  const rules = [...RULES, ...extra];
  const severities: Record<string, SeverityChoice> = {};
  const ruleOptions: Record<string, RuleOptions> = {};
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    const dot = name.indexOf('.');
    const rule = ruleNamed(dot < 0 ? name : name.slice(0, dot), rules);
    const { id } = rule.meta;
    if (dot < 0) severities[id] = severityOf(rule, value, pair);
    else ruleOptions[id] = { ...ruleOptions[id], ...optionOf(rule, name.slice(dot + 1), value, pair) };
  }
  return { severities, ruleOptions };
}

function ruleNamed(id: string, rules: readonly Rule[]): Rule {
  const rule = rules.find(({ meta }) => meta.id === id);
  if (rule) return rule;
  const ids = rules.map(({ meta }) => meta.id);
  const near = nearest(id, ids);
  throw usage(`There is no rule "${id}".`, near ? `Did you mean "${near}"?` : `The rules are ${ids.join(', ')}.`);
}

function severityOf({ meta }: Rule, wanted: string, pair: string): SeverityChoice {
  const severity = SEVERITY_CHOICES.find((choice) => choice === wanted);
  if (!severity)
    throw usage(`"${pair}" names no severity.`, `Write ${meta.id}=${SEVERITY_CHOICES.join(`, ${meta.id}=`)}.`);
  if (meta.locked && severity !== 'error')
    throw usage(
      `The rule "${meta.id}" cannot be lowered: such a record cannot be trained.`,
      'Correct the records, or remove them.',
    );
  return severity;
}

function optionOf({ meta }: Rule, key: string, value: string, pair: string): RuleOptions {
  const option = Object.hasOwn(meta.options, key) ? meta.options[key] : undefined;
  if (!option) {
    const keys = Object.keys(meta.options);
    const near = nearest(key, keys);
    throw usage(
      `The rule "${meta.id}" has no option "${key}".`,
      near ? `Did you mean "${near}"?` : keys.length > 0 ? `It has ${keys.join(', ')}.` : 'It has no options.',
    );
  }
  if (option.type === 'list')
    return {
      [key]: value
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean),
    };
  const number = value.trim() === '' ? NaN : Number(value);
  if (!Number.isFinite(number) || number < option.minimum)
    throw usage(
      `"${pair}" must be a number of at least ${option.minimum}.`,
      `The default is ${option.default}. ${option.description}`,
    );
  return { [key]: number };
}

function usage(message: string, hint: string): Failure {
  return new Failure('usage', message, hint, 2);
}
