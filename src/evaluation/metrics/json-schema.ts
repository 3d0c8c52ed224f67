import { Validator, type Schema, type SchemaDraft } from '@cfworker/json-schema';
import { Failure } from '../../common/failure';
import { asRecord } from '../../dataset/shape';
import { parsedText } from '../../dataset/tools';
import { jsonLeaves } from './json-leaves';
import type { Check } from './pass-rate';

/**
 * Whether a text is JSON that a JSON schema accepts: drafts 4, 6, 7, 2019-09 and, without `$schema`, 2020-12.
 * JSON nested more than 500 deep does not pass.
 * @throws Failure, also from the check, where the schema is none or refers to what it does not hold
 */
export function schemaCheck(schema: unknown): Check {
  const whole = asRecord(schema);
  if (!whole) throw unusable('It is no object');
  const validator = new Validator(whole as Schema, draftOf(whole['$schema']));
  return (text) => {
    const parsed = parsedText(text);
    if (!parsed.ok || jsonLeaves(parsed.value) === undefined) return false;
    try {
      return validator.validate(parsed.value).valid;
    } catch (error) {
      throw unusable(error instanceof Error ? error.message : String(error));
    }
  };
}

function draftOf(uri: unknown): SchemaDraft {
  const name = typeof uri === 'string' ? /draft-0[467]|2019-09/.exec(uri)?.[0] : undefined;
  return name === 'draft-04' ? '4' : name === '2019-09' ? name : name === undefined ? '2020-12' : '7';
}

function unusable(reason: string): Failure {
  return new Failure(
    'unusable-schema',
    `The JSON schema cannot be used: ${reason.replace(/\.?\s*$/, '.')}`,
    'Check the schema at a JSON schema validator. Everything that it refers to must be in the same file, under "$defs".',
    2,
  );
}
