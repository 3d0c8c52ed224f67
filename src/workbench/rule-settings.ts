import { RULES, SEVERITY_CHOICES } from '../dataset-lsp/rules';

/** The VS Code setting `fine-tune.rules`, as package.json declares it: one severity for each rule that may be changed. */
export function ruleSetting(): Readonly<Record<string, unknown>> {
  const changeable = RULES.filter(({ meta }) => !meta.locked);
  const properties = changeable.map(({ meta }) => [
    meta.id,
    {
      enum: SEVERITY_CHOICES,
      default: meta.defaultSeverity,
      description: `${meta.title}. ${meta.why} ${meta.whatToDo}`.replaceAll('..', '.'),
    },
  ]);
  return {
    type: 'object',
    default: {},
    description:
      'Severity of the checks of training data, by rule. Rules that make a record unreadable cannot be changed.',
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  };
}
