/** Shapes of records, as data: what the linter reports, the loader trusts and the documentation shows. */

export type Shape =
  | { readonly kind: 'string' }
  | { readonly kind: 'any' }
  | { readonly kind: 'choice'; readonly values: readonly (string | number | boolean)[] }
  | { readonly kind: 'role'; readonly values: readonly string[] }
  | { readonly kind: 'list'; readonly of: Shape; readonly notEmpty?: true }
  | { readonly kind: 'object'; readonly fields: Readonly<Record<string, Field>> }
  | { readonly kind: 'one-of'; readonly expected: string; readonly of: readonly Shape[] };

interface Field {
  readonly shape: Shape;
  readonly required?: boolean | ((owner: Readonly<Record<string, unknown>>) => boolean);
  /** `null` stands for a missing field. */
  readonly nullable?: true;
}

export interface ShapeProblem {
  readonly kind: 'missing' | 'type' | 'role';
  /** JSON pointer (RFC 6901) of the value; of the object that lacks the field for `missing`. */
  readonly pointer: string;
  readonly message: string;
}

/** The value as an object with unknown fields, if it is one. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** One step deeper in a JSON pointer. */
export function pointerTo(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Every difference between a value and its shape, outermost first. An empty list means that the value can be used. */
export function checkShape(shape: Shape, value: unknown, pointer = ''): ShapeProblem[] {
  switch (shape.kind) {
    case 'any':
      return [];
    case 'string':
      return typeof value === 'string' ? [] : [wrongType(pointer, 'a text', value)];
    case 'choice':
      return shape.values.some((one) => one === value)
        ? []
        : [wrongType(pointer, shape.values.map((one) => JSON.stringify(one)).join(' or '), value)];
    case 'role':
      if (typeof value !== 'string') return [wrongType(pointer, 'a text', value)];
      return shape.values.includes(value) ? [] : [unknownRole(pointer, shape.values, value)];
    case 'list': {
      if (!Array.isArray(value)) return [wrongType(pointer, 'a list', value)];
      if (shape.notEmpty && value.length === 0)
        return [{ kind: 'type', pointer, message: `${named(pointer)} is an empty list. Give it at least one entry.` }];
      return value.flatMap((item, i) => checkShape(shape.of, item, pointerTo(pointer, i)));
    }
    case 'object': {
      const owner = asRecord(value);
      return owner ? checkFields(shape.fields, owner, pointer) : [wrongType(pointer, 'an object', value)];
    }
    case 'one-of': {
      const tried = shape.of.map((one) => checkShape(one, value, pointer));
      if (tried.some((problems) => problems.length === 0)) return [];
      // A problem further inside means that the outer kind was right: that alternative says more.
      const inner = tried.find(
        (problems) => !problems.some((problem) => problem.pointer === pointer && problem.kind === 'type'),
      );
      return inner ?? [wrongType(pointer, shape.expected, value)];
    }
    default:
      return shape satisfies never;
  }
}

function checkFields(
  fields: Readonly<Record<string, Field>>,
  owner: Readonly<Record<string, unknown>>,
  pointer: string,
): ShapeProblem[] {
  const problems: ShapeProblem[] = [];
  for (const [key, field] of Object.entries(fields)) {
    const value = Object.hasOwn(owner, key) ? owner[key] : undefined;
    const required = typeof field.required === 'function' ? field.required(owner) : field.required === true;
    if (value === undefined) {
      if (required) problems.push(missing(pointer, key, owner));
    } else if (!(value === null && field.nullable && !required)) {
      problems.push(...checkShape(field.shape, value, pointerTo(pointer, key)));
    }
  }
  return problems;
}

/** What other data sets call a field. */
const OTHER_KEYS: Readonly<Record<string, readonly string[]>> = {
  text: ['value', 'content'],
  content: ['value', 'text', 'message'],
  role: ['from', 'speaker', 'author'],
  output: ['response', 'answer', 'completion'],
  completion: ['response', 'answer', 'output'],
  prompt: ['question', 'query', 'input'],
};

function missing(pointer: string, key: string, owner: Readonly<Record<string, unknown>>): ShapeProblem {
  const same = (other: string): boolean => other !== key && other.trim().toLowerCase() === key.toLowerCase();
  const near = Object.keys(owner).find(same) ?? OTHER_KEYS[key]?.find((other) => Object.hasOwn(owner, other));
  const advice = near === undefined ? 'Add it' : `Rename "${near}" to "${key}"`;
  const place = pointer === '' ? 'The record' : named(pointer);
  return { kind: 'missing', pointer, message: `${place} has no field "${key}". ${advice}.` };
}

function wrongType(pointer: string, expected: string, value: unknown): ShapeProblem {
  return { kind: 'type', pointer, message: `${named(pointer)} must be ${expected}, but it is ${describe(value)}.` };
}

const OTHER_NAMES: Readonly<Record<string, string>> = {
  human: 'user',
  instruction: 'user',
  prompter: 'user',
  customer: 'user',
  gpt: 'assistant',
  ai: 'assistant',
  bot: 'assistant',
  chatgpt: 'assistant',
  model: 'assistant',
  agent: 'assistant',
  observation: 'tool',
  ipython: 'tool',
  function_call: 'assistant',
};

function unknownRole(pointer: string, values: readonly string[], value: string): ShapeProblem {
  const plain = value.trim().toLowerCase();
  const near = values.includes(plain) ? plain : OTHER_NAMES[plain];
  const advice = near === undefined ? `Use one of ${values.join(', ')}.` : `Write "${near}".`;
  return { kind: 'role', pointer, message: `Unknown role ${quote(value)}. ${advice}` };
}

function named(pointer: string): string {
  if (pointer === '') return 'The record';
  const parts = pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return `"${parts.map((part, i) => (/^\d+$/.test(part) ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')}"`;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return value === '' ? 'an empty text' : `the text ${quote(value)}`;
  return typeof value === 'number' ? `the number ${value}` : String(value);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
