import picomatch from 'picomatch';
import type { RuleChoice } from './line-lint';
import { RULES, SEVERITY_CHOICES, type SeverityChoice } from './rules';
import type { RuleMeta, RuleOptions } from './rules/rule';

/** What a user may say of a rule: its severity, or its severity and its options. */
export type RuleSetting =
  | SeverityChoice
  | { readonly severity?: SeverityChoice; readonly [option: string]: string | number | readonly string[] | undefined };

/** The settings `fine-tune.rules` and `fine-tune.ruleOverrides` of VS Code. */
export interface RuleSettings {
  readonly rules: Readonly<Record<string, RuleSetting>>;
  /** Later ones overrule earlier ones, and all of them `rules`. */
  readonly overrides: readonly { readonly files: string; readonly rules: Readonly<Record<string, RuleSetting>> }[];
}

/** Settings out of an unknown value (an editor sends what the user wrote); what makes no sense is left out. */
export function readRuleSettings(sent: { readonly rules?: unknown; readonly overrides?: unknown }): RuleSettings {
  const overrides = Array.isArray(sent.overrides) ? (sent.overrides as readonly unknown[]) : [];
  return {
    rules: readRules(sent.rules),
    overrides: overrides.flatMap((one) => {
      const { files, rules } = asObject(one);
      return typeof files === 'string' && files !== '' ? [{ files, rules: readRules(rules) }] : [];
    }),
  };
}

/**
 * Which rules run on a file.
 * @param path of the file, from the folder that the globs are meant for, with forward slashes
 */
export function rulesFor(settings: RuleSettings, path: string): RuleChoice {
  const severities: Record<string, SeverityChoice> = {};
  const ruleOptions: Record<string, RuleOptions> = {};
  const matching = settings.overrides.filter(({ files }) => matches(files, path));
  for (const rules of [settings.rules, ...matching.map((one) => one.rules)]) {
    for (const [id, setting] of Object.entries(rules)) {
      const { severity, ...options } = typeof setting === 'string' ? { severity: setting } : setting;
      if (severity !== undefined) severities[id] = severity;
      const given = Object.entries(options).flatMap(([key, value]) =>
        value === undefined || typeof value === 'string' ? [] : [[key, value] as const],
      );
      if (given.length > 0) ruleOptions[id] = { ...ruleOptions[id], ...Object.fromEntries(given) };
    }
  }
  return { severities, ruleOptions };
}

/** A glob without a slash is meant for the name of the file, as in .gitignore. */
function matches(glob: string, path: string): boolean {
  try {
    return picomatch.isMatch(path, glob, { dot: true, basename: !glob.includes('/') });
  } catch {
    return false;
  }
}

function readRules(sent: unknown): Readonly<Record<string, RuleSetting>> {
  return Object.fromEntries(
    Object.entries(asObject(sent)).flatMap(([id, value]) => {
      const rule = RULES.find((one) => one.meta.id === id);
      const setting = rule && readSetting(rule.meta, value);
      return setting === undefined ? [] : [[id, setting] as const];
    }),
  );
}

function readSetting(meta: RuleMeta, value: unknown): RuleSetting | undefined {
  if (typeof value === 'string') return toSeverity(value);
  const { severity, ...given } = asObject(value);
  const options = Object.entries(given).flatMap(([key, one]) => {
    const valid = optionValue(meta, key, one);
    return valid === undefined ? [] : [[key, valid] as const];
  });
  const wanted = typeof severity === 'string' ? toSeverity(severity) : undefined;
  return { ...Object.fromEntries(options), ...(wanted ? { severity: wanted } : {}) };
}

function toSeverity(text: string): SeverityChoice | undefined {
  return SEVERITY_CHOICES.find((choice) => choice === text);
}

/** The value if the rule has such an option of this type. */
export function optionValue(meta: RuleMeta, key: string, value: unknown): number | readonly string[] | undefined {
  const option = Object.hasOwn(meta.options, key) ? meta.options[key] : undefined;
  if (option?.type === 'number') return typeof value === 'number' && value >= option.minimum ? value : undefined;
  if (option?.type !== 'list' || !Array.isArray(value)) return undefined;
  const list = value as readonly unknown[];
  return list.every((one) => typeof one === 'string') ? list : undefined;
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
