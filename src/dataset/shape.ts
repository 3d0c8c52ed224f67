import { emptyList, missingKey, unknownRole, wrongType, wrongWeight, type ShapeProblem } from './shape-problems';

export type { ShapeProblem } from './shape-problems';

/** Shapes of records, as data: what the linter reports, the loader trusts and the documentation shows. */
export type Shape =
  | { readonly kind: 'string' }
  | { readonly kind: 'any' }
  | { readonly kind: 'choice'; readonly values: readonly (string | number | boolean)[] }
  | { readonly kind: 'role'; readonly values: readonly string[] }
  /** 0: the message is only read; 1: it is trained. */
  | { readonly kind: 'weight' }
  | { readonly kind: 'list'; readonly of: Shape; readonly notEmpty?: true }
  /** An object without fields may have any. */
  | { readonly kind: 'object'; readonly fields: Readonly<Record<string, Field>> }
  | { readonly kind: 'one-of'; readonly expected: string; readonly of: readonly Shape[] };

interface Field {
  readonly shape: Shape;
  readonly required?: boolean | ((owner: Readonly<Record<string, unknown>>) => boolean);
  /** `null` stands for a missing field. */
  readonly nullable?: true;
}

/** The value as an object with unknown fields, if it is one. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** One step deeper in a JSON pointer. */
export function pointerTo(pointer: string, key: string | number): string {
  return `${pointer}/${typeof key === 'number' ? key : key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Every difference between a value and its shape, outermost first. An empty list means that the value can be used. */
export function checkShape(shape: Shape, value: unknown, pointer = ''): readonly ShapeProblem[] {
  return fits(shape, value) ? NONE : problemsOf(shape, value, pointer);
}

const NONE: readonly ShapeProblem[] = [];

/** Whether there is no difference at all; makes no pointers and no lists. */
export function fits(shape: Shape, value: unknown): boolean {
  switch (shape.kind) {
    case 'any':
      return true;
    case 'string':
      return typeof value === 'string';
    case 'choice':
      return shape.values.some((one) => one === value);
    case 'role':
      return typeof value === 'string' && shape.values.includes(value);
    case 'weight':
      return value === 0 || value === 1;
    case 'list': {
      if (!Array.isArray(value) || (shape.notEmpty && value.length === 0)) return false;
      for (const item of value) if (!fits(shape.of, item)) return false;
      return true;
    }
    case 'object': {
      const owner = asRecord(value);
      if (!owner) return false;
      const { known, required } = lookupOf(shape.fields);
      for (const key in owner) {
        const field = known.get(key);
        if (field && !fitsField(field, owner[key], owner)) return false;
      }
      for (const [key, field] of required) if (!Object.hasOwn(owner, key) && isRequired(field, owner)) return false;
      return true;
    }
    case 'one-of':
      for (const one of shape.of) if (fits(one, value)) return true;
      return false;
    default:
      return shape satisfies never;
  }
}

interface Lookup {
  readonly known: ReadonlyMap<string, Field>;
  readonly required: readonly (readonly [string, Field])[];
}

const lookups = new WeakMap<Readonly<Record<string, Field>>, Lookup>();

/** A record has fewer keys than its format has fields, so it is the keys that are looked up. */
function lookupOf(fields: Readonly<Record<string, Field>>): Lookup {
  let lookup = lookups.get(fields);
  if (!lookup) {
    const all = Object.entries(fields);
    lookup = { known: new Map(all), required: all.filter(([, field]) => field.required) };
    lookups.set(fields, lookup);
  }
  return lookup;
}

function fitsField(field: Field, value: unknown, owner: Readonly<Record<string, unknown>>): boolean {
  return (value === null && field.nullable === true && !isRequired(field, owner)) || fits(field.shape, value);
}

function isRequired({ required }: Field, owner: Readonly<Record<string, unknown>>): boolean {
  return typeof required === 'function' ? required(owner) : required === true;
}

function problemsOf(shape: Shape, value: unknown, pointer: string): readonly ShapeProblem[] {
  switch (shape.kind) {
    case 'any':
      return NONE;
    case 'string':
      return typeof value === 'string' ? NONE : [wrongType(pointer, 'a text', shape, value)];
    case 'choice': {
      const expected = shape.values.map((one) => JSON.stringify(one)).join(' or ');
      return fits(shape, value) ? NONE : [wrongType(pointer, expected, shape, value)];
    }
    case 'role':
      if (typeof value !== 'string') return [wrongType(pointer, 'a text', shape, value)];
      return shape.values.includes(value) ? NONE : [unknownRole(pointer, shape.values, value)];
    case 'weight':
      return fits(shape, value) ? NONE : [wrongWeight(pointer, value)];
    case 'list': {
      if (!Array.isArray(value)) return [wrongType(pointer, 'a list', shape, value)];
      if (shape.notEmpty && value.length === 0) return [emptyList(pointer)];
      return value.flatMap((item, i) => checkShape(shape.of, item, pointerTo(pointer, i)));
    }
    case 'object': {
      const owner = asRecord(value);
      return owner ? checkFields(shape.fields, owner, pointer) : [wrongType(pointer, 'an object', shape, value)];
    }
    case 'one-of': {
      const tried = shape.of.map((one) => checkShape(one, value, pointer));
      if (tried.some((problems) => problems.length === 0)) return NONE;
      // A problem further inside means that the outer kind was right: that alternative says more.
      const inner = tried.find(
        (problems) => !problems.some((problem) => problem.pointer === pointer && problem.kind === 'type'),
      );
      return inner ?? [wrongType(pointer, shape.expected, shape, value)];
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
    if (value === undefined) {
      if (isRequired(field, owner)) problems.push(missingKey(pointer, key, field.shape, owner, fields));
    } else if (!fitsField(field, value, owner)) {
      problems.push(...checkShape(field.shape, value, pointerTo(pointer, key)));
    }
  }
  return problems;
}
