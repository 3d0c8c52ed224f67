/**
 * Findings that a person has looked at and accepted: `.finetune/suppressions.json`, file → rule → how many. JSONL has no
 * comments, so it cannot be said in the file itself. As many findings as were accepted are hidden; one more, and all of
 * them are shown, since nobody knows which one is new.
 */
import { RULES } from './rules';

/** Path from the folder that holds `.finetune`, with forward slashes → rule → number of accepted findings. */
export type Suppressions = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** @throws Error with a sentence about what is wrong in the text */
export function parseSuppressions(text: string): Suppressions {
  const value = JSON.parse(text) as unknown;
  if (!isObject(value)) throw new Error('It must be an object: {"train.jsonl": {"rule": number}}.');
  for (const [file, rules] of Object.entries(value)) {
    if (!isObject(rules)) throw new Error(`"${file}" must be an object of rules and numbers.`);
    for (const [rule, count] of Object.entries(rules))
      if (typeof count !== 'number' || !Number.isInteger(count) || count < 0)
        throw new Error(`"${file}", "${rule}": the number of accepted findings must be a whole number.`);
  }
  return value as Suppressions;
}

/** The text of the file, with sorted names, so that two people's changes meet in few lines. */
export function formatSuppressions(suppressions: Suppressions): string {
  const sorted = Object.entries(suppressions)
    .filter(([, rules]) => Object.keys(rules).length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, rules]) => [file, Object.fromEntries(Object.entries(rules).sort(([a], [b]) => (a < b ? -1 : 1)))]);
  return `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`;
}

/** Rules whose findings in a file are hidden. Findings that make a record unusable cannot be accepted. */
export function suppressedRules(
  accepted: Readonly<Record<string, number>> | undefined,
  issueCounts: Readonly<Record<string, number>>,
): ReadonlySet<string> {
  const hidden = Object.entries(accepted ?? {}).filter(([rule, count]) => {
    const found = issueCounts[rule] ?? 0;
    return found > 0 && found <= count && isSuppressible(rule);
  });
  return new Set(hidden.map(([rule]) => rule));
}

/** Accepts what a file has now. @param rules only these, when given */
export function acceptFindings(
  suppressions: Suppressions,
  file: string,
  issueCounts: Readonly<Record<string, number>>,
  rules?: readonly string[],
): Suppressions {
  const accepted = Object.entries(issueCounts).filter(
    ([rule, count]) => count > 0 && isSuppressible(rule) && (rules === undefined || rules.includes(rule)),
  );
  const kept = rules === undefined ? {} : suppressions[file];
  return { ...suppressions, [file]: { ...kept, ...Object.fromEntries(accepted) } };
}

function isSuppressible(id: string): boolean {
  return !RULES.some(({ meta }) => meta.id === id && meta.locked);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
