/** The documentation of the rules, out of their `meta`: docs/rules.md and the table in the README. */
import { RULES, SEVERITIES, type Rule } from './rules';

/** The page docs/rules.md. */
export function rulesPage(rules: readonly Rule[] = RULES): string {
  const sections = SEVERITIES.flatMap((severity) => {
    const of = rules.filter(({ meta }) => meta.defaultSeverity === severity);
    return of.length === 0 ? [] : [`## ${HEADINGS[severity]}`, ...of.map(section)];
  });
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`;
}

/** One row for each rule, for the README. */
export function rulesTable(rules: readonly Rule[] = RULES): string {
  const ordered = SEVERITIES.flatMap((severity) => rules.filter(({ meta }) => meta.defaultSeverity === severity));
  const rows = ordered.map(({ meta: { id, title, defaultSeverity, fixes } }) => {
    const fix = fixes === undefined ? '' : fixes === 'both' ? 'safe, suggestion' : fixes;
    return `| [${id}](docs/rules.md#${id}) | ${title} | ${defaultSeverity} | ${fix} |`;
  });
  return ['| rule | finds | severity | fix |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

const HEADINGS = { error: 'Errors', warning: 'Warnings', information: 'Information', hint: 'Hints' } as const;

const INTRODUCTION = `# Rules

What the checker finds in training data, in the editor and with \`fine-tune check\`. This page is written by
\`node scripts/generate-manifest.mjs\` from the rules themselves; every example on it is run as a test.

The setting \`fine-tune.rules\` (or \`--rule id=severity\`, \`--rule id.option=value\`) changes the severity to error, warning,
information, hint or off; \`fine-tune.ruleOverrides\` does so for some files. A rule that is "locked" finds records that cannot
be read at all and stays an error. Findings that you have looked at and accept go into \`.finetune/suppressions.json\`
(\`fine-tune check FILE --accept\`): file → rule → how many.

A fix is "safe" when it changes neither what the model reads nor what it learns; \`--fix\` and "Fix all" apply only those.
A "suggestion" is offered singly, for you to judge.`;

const FIXES = { safe: 'safe', suggestion: 'suggestion', both: 'safe, or suggestion where it must be judged' } as const;

function section({ meta }: Rule): string {
  const facts = [
    `Default: ${meta.defaultSeverity}${meta.locked ? ' (locked)' : ''}`,
    ...(meta.fixes ? [`Fix: ${FIXES[meta.fixes]}`] : []),
  ];
  const options = Object.entries(meta.options).map(([key, { default: value, description }]) => {
    return `- \`${key}\` (${Array.isArray(value) ? value.map((one) => `\`${one}\``).join(', ') || 'none' : String(value)}): ${description}`;
  });
  const [found] = meta.examples.invalid;
  const [fine] = meta.examples.valid;
  return [
    `### ${meta.id}`,
    `**${meta.title}.** ${meta.why}`,
    meta.whatToDo,
    facts.join(' · '),
    ...(options.length > 0 ? [options.join('\n')] : []),
    ...(found ? ['Found:', block(found.text)] : []),
    ...(fine ? ['Fine:', block(fine.text)] : []),
  ].join('\n\n');
}

// Longer examples (files of many records) say no more than their beginning.
const LINES = 4;
const COLUMNS = 400;

/** What would not be seen in a page (marks, NUL, trailing white space) is written as an escape. */
function block(text: string): string {
  const lines = text.replace(/\n$/, '').split('\n');
  const shown = lines.slice(0, LINES).map((line) => {
    const cut = line.length > COLUMNS ? `${line.slice(0, COLUMNS)} …` : line;
    return [...cut].map(visible).join('');
  });
  const more = lines.length > LINES ? [`… (${lines.length} lines)`] : [];
  const fence = text.includes('```') ? '````' : '```';
  return [`${fence}jsonl`, ...shown, ...more, fence].join('\n');
}

/** A character, or its escape where it would be invisible or half of a pair. */
function visible(character: string): string {
  const unseen = /^[\p{Cc}\p{Cf}\p{Cs}\ufffd]$/u.test(character) && character !== '\t';
  return unseen
    ? [...Array(character.length).keys()].map((i) => escapeOf(character.charCodeAt(i))).join('')
    : character;
}

function escapeOf(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
