import { RULES, SEVERITY_CHOICES } from '../dataset-lsp/rules';
import type { RuleMeta, RuleOption } from '../dataset-lsp/rules/rule';

type Schema = Readonly<Record<string, unknown>>;

/** The VS Code setting `fine-tune.rules`, as package.json declares it: severity and options of each rule. */
export function ruleSetting(): Schema {
  return {
    type: 'object',
    scope: 'resource',
    default: {},
    markdownDescription:
      'Severity of the checks of training data, by rule, or an object with `severity` and the options of the rule. Rules that make a record unreadable cannot be changed.',
    properties: ruleProperties(),
    additionalProperties: false,
  };
}

/** The setting `fine-tune.ruleOverrides`: the same by glob. */
export function ruleOverridesSetting(): Schema {
  return {
    type: 'array',
    scope: 'resource',
    default: [],
    markdownDescription:
      'Other rules for some files. `files` is a glob from the workspace folder; without a slash it is meant for the name of the file. Later entries win. Example: `[{"files": "labels*.jsonl", "rules": {"output-too-short": "off"}}]`',
    items: {
      type: 'object',
      required: ['files', 'rules'],
      additionalProperties: false,
      properties: {
        files: { type: 'string', description: 'Glob, for example eval/**/*.jsonl.' },
        // The severities only: a copy of every description would double the manifest.
        rules: {
          type: 'object',
          description: 'As in fine-tune.rules.',
          propertyNames: { enum: RULES.filter(({ meta }) => !meta.locked).map(({ meta }) => meta.id) },
        },
      },
    },
  };
}

function ruleProperties(): Schema {
  const changeable = RULES.filter(({ meta }) => !meta.locked);
  return Object.fromEntries(changeable.map(({ meta }) => [meta.id, ruleProperty(meta)]));
}

function ruleProperty(meta: RuleMeta): Schema {
  const severity = { enum: SEVERITY_CHOICES, default: meta.defaultSeverity };
  const about = {
    default: meta.defaultSeverity,
    description: `${meta.title}. ${meta.why} ${meta.whatToDo}`.replaceAll('..', '.'),
  };
  const options = Object.entries(meta.options);
  if (options.length === 0) return { ...about, enum: SEVERITY_CHOICES };
  const properties = { severity, ...Object.fromEntries(options.map(([key, option]) => [key, optionSchema(option)])) };
  return { ...about, anyOf: [{ enum: SEVERITY_CHOICES }, { type: 'object', properties, additionalProperties: false }] };
}

function optionSchema(option: RuleOption): Schema {
  return option.type === 'number'
    ? { type: 'number', default: option.default, minimum: option.minimum, description: option.description }
    : { type: 'array', items: { type: 'string' }, default: option.default, description: option.description };
}
