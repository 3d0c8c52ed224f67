import { SETTINGS, SETTING_KEYS, type SettingSpec } from './settings';

/** JSON schema (draft 7) of `finetune.json`; VS Code uses it for completion and checks. */
export function settingsSchema(): Record<string, unknown> {
  const properties: Record<string, unknown> = { $schema: { type: 'string' } };
  for (const key of SETTING_KEYS) properties[key] = propertySchema(SETTINGS[key]);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Fine-tune run',
    type: 'object',
    properties,
    additionalProperties: false,
  };
}

function propertySchema(spec: SettingSpec): Record<string, unknown> {
  const description = spec.automatic ? `${spec.help} Default: ${spec.automatic}.` : spec.help;
  const base = { description, ...(spec.default === null ? {} : { default: spec.default }) };
  switch (spec.type) {
    case 'number':
    case 'integer':
      return {
        ...base,
        type: spec.type,
        ...(spec.exclusiveMinimum ? { exclusiveMinimum: spec.minimum } : { minimum: spec.minimum }),
        maximum: spec.maximum,
      };
    case 'choice':
      return { ...base, enum: spec.choices };
    case 'boolean':
      return { ...base, type: 'boolean' };
    case 'list':
      return {
        ...base,
        type: 'array',
        items: spec.choices ? { enum: spec.choices } : { type: 'string' },
        ...(spec.optional ? {} : { minItems: 1 }),
      };
    case 'string':
    case 'path':
      return { ...base, type: 'string' };
    default:
      return spec satisfies never;
  }
}
