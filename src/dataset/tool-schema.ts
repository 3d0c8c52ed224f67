import { describe } from './shape-problems';
import { asRecord, pointerTo } from './shape';

/** What is wrong with an argument, by the tool's JSON schema. */
export interface ArgumentProblem {
  /** JSON pointer in the arguments. */
  readonly pointer: string;
  /** Sentence without a period. */
  readonly message: string;
  /** The same value in the type that the schema asks for, where there is one. */
  readonly meant?: unknown;
}

type Schema = Readonly<Record<string, unknown>>;

/** The types of JSON schema, also by the names that Python has for them, as many collections of tools do. */
const TYPES: Readonly<Record<string, string>> = {
  object: 'object',
  array: 'array',
  string: 'string',
  number: 'number',
  integer: 'integer',
  boolean: 'boolean',
  null: 'null',
  dict: 'object',
  list: 'array',
  tuple: 'array',
  str: 'string',
  float: 'number',
  int: 'integer',
  bool: 'boolean',
};

// A schema of a tool is never nested as deep as this.
const DEEPEST = 20;

/**
 * Checks arguments by the parts of JSON schema that tools use: types, required and known properties, enums, items.
 * What it does not know (references, combined schemas) it accepts.
 */
export function checkArguments(schema: Schema, given: Readonly<Record<string, unknown>>): readonly ArgumentProblem[] {
  const problems: ArgumentProblem[] = [];
  checkObject(schema, given, '', problems, 0);
  return problems;
}

function checkObject(
  schema: Schema,
  given: Readonly<Record<string, unknown>>,
  pointer: string,
  problems: ArgumentProblem[],
  depth: number,
): void {
  const properties = asRecord(schema['properties']);
  const place = pointer === '' ? 'The call' : `The argument ${name(pointer)}`;
  if (Array.isArray(schema['required']))
    for (const key of schema['required'] as readonly unknown[])
      if (typeof key === 'string' && !Object.hasOwn(given, key))
        problems.push({ pointer, message: `${place} lacks the required argument "${key}"` });
  if (!properties) return;
  const closed = schema['additionalProperties'] === false && schema['patternProperties'] === undefined;
  for (const [key, value] of Object.entries(given)) {
    const inner = Object.hasOwn(properties, key) ? asRecord(properties[key]) : undefined;
    const own = pointerTo(pointer, key);
    if (inner) checkValue(inner, value, own, problems, depth + 1);
    else if (closed && !Object.hasOwn(properties, key))
      problems.push({ pointer: own, message: `The tool takes no argument ${name(own)}` });
  }
}

function checkValue(schema: Schema, value: unknown, pointer: string, problems: ArgumentProblem[], depth: number): void {
  if (depth > DEEPEST || isCombined(schema) || (value === null && schema['nullable'] === true)) return;
  const named = typesOf(schema['type']);
  const types = named.flatMap((type) => (Object.hasOwn(TYPES, type) ? TYPES[type]! : []));
  const known = types.length > 0 && types.length === named.length;
  if (known && !types.some((type) => isOfType(type, value))) {
    const meant = types.map((type) => convert(type, value)).find((one) => one !== undefined);
    problems.push({
      pointer,
      message: `The argument ${name(pointer)} must be ${types.map(article).join(' or ')}, but it is ${describe(value)}`,
      ...(meant === undefined ? {} : { meant }),
    });
    return;
  }
  const choices: unknown = schema['enum'];
  if (Array.isArray(choices) && choices.length > 0 && !choices.some((one) => same(one, value))) {
    const shown = choices.slice(0, 8).map((one) => JSON.stringify(one));
    const meant =
      typeof value === 'string'
        ? (choices as readonly unknown[]).find(
            (one) => typeof one === 'string' && one.toLowerCase() === value.toLowerCase(),
          )
        : undefined;
    problems.push({
      pointer,
      message: `The argument ${name(pointer)} must be one of ${shown.join(', ')}${choices.length > 8 ? ', …' : ''}, but it is ${describe(value)}`,
      ...(meant === undefined ? {} : { meant }),
    });
    return;
  }
  const owner = asRecord(value);
  if (owner) checkObject(schema, owner, pointer, problems, depth);
  const items = asRecord(schema['items']);
  if (items && Array.isArray(value))
    for (const [i, item] of value.entries()) checkValue(items, item, pointerTo(pointer, i), problems, depth + 1);
}

function isCombined(schema: Schema): boolean {
  return '$ref' in schema || 'anyOf' in schema || 'oneOf' in schema || 'allOf' in schema || 'not' in schema;
}

function typesOf(type: unknown): readonly string[] {
  if (typeof type === 'string') return [type];
  return Array.isArray(type) && type.every((one) => typeof one === 'string') ? type : [];
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'object':
      return asRecord(value) !== undefined;
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'null':
      return value === null;
    default:
      return typeof value === type;
  }
}

/** The value in another type, where the text leaves no doubt. */
function convert(type: string, value: unknown): unknown {
  if (type === 'string') return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
  if (typeof value !== 'string') return undefined;
  if (type === 'boolean') return /^(?:true|false)$/i.test(value) ? value.toLowerCase() === 'true' : undefined;
  if (type === 'number' || type === 'integer') {
    const number = /^-?\d{1,15}(?:\.\d{1,15})?$/.test(value) ? Number(value) : NaN;
    return Number.isNaN(number) || (type === 'integer' && !Number.isInteger(number)) ? undefined : number;
  }
  return undefined;
}

function article(type: string): string {
  return type === 'null' ? 'null' : /^[aio]/.test(type) ? `an ${type}` : `a ${type}`;
}

function same(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && a !== null && JSON.stringify(a) === JSON.stringify(b));
}

/** `/city/0` → `"city[0]"`. */
function name(pointer: string): string {
  const parts = pointer.slice(1).split('/');
  const text = parts
    .map((part, i) => (i > 0 && /^\d+$/.test(part) ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join('');
  return JSON.stringify(text.replaceAll('~1', '/').replaceAll('~0', '~'));
}
