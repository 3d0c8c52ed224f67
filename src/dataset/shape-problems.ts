import { keyMeantFor, roleMeantBy } from './aliases';
import type { Shape } from './shape';

/** A difference between a value and its shape. Each kind is reported by one rule. */
export type ShapeProblem = {
  /** JSON pointer (RFC 6901) of the value; of the object that lacks the field for `missing`. */
  readonly pointer: string;
  readonly message: string;
} & (
  | {
      readonly kind: 'missing';
      readonly key: string;
      readonly shape: Shape;
      /** The key of the object that is meant for it. */
      readonly near: string | undefined;
    }
  | { readonly kind: 'type'; readonly shape: Shape; readonly value: unknown }
  | {
      readonly kind: 'role';
      /** The role that is meant. */
      readonly near: string | undefined;
      /** It is another name of that role, not only a near spelling. */
      readonly certain: boolean;
    }
  /** A list without entries where one is needed. */
  | { readonly kind: 'empty' }
  /** The weight of a message is neither 0 nor 1. */
  | { readonly kind: 'weight'; readonly value: unknown }
);

export function missingKey(
  pointer: string,
  key: string,
  shape: Shape,
  owner: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, unknown>>,
): ShapeProblem {
  const present = Object.keys(owner).filter((other) => !Object.hasOwn(known, other));
  const near = keyMeantFor(key, present);
  const advice = near === undefined ? 'Add it' : `Rename "${near}" to "${key}"`;
  const place = pointer === '' ? 'The record' : named(pointer);
  return { kind: 'missing', pointer, message: `${place} has no field "${key}". ${advice}.`, key, shape, near };
}

export function wrongType(pointer: string, expected: string, shape: Shape, value: unknown): ShapeProblem {
  const message = `${named(pointer)} must be ${expected}, but it is ${describe(value)}.`;
  return { kind: 'type', pointer, message, shape, value };
}

export function wrongWeight(pointer: string, value: unknown): ShapeProblem {
  const message = `${named(pointer)} must be 0 (read only) or 1 (trained), but it is ${describe(value)}.`;
  return { kind: 'weight', pointer, message, value };
}

export function emptyList(pointer: string): ShapeProblem {
  return {
    kind: 'empty',
    pointer,
    message: `${named(pointer)} is an empty list. Give it at least one entry, or remove the record.`,
  };
}

export function unknownRole(pointer: string, values: readonly string[], value: string): ShapeProblem {
  const meant = roleMeantBy(value, values);
  const advice = meant === undefined ? `Use one of ${values.join(', ')}.` : `Write "${meant.role}".`;
  return {
    kind: 'role',
    pointer,
    message: `Unknown role ${quote(value)}. ${advice}`,
    near: meant?.role,
    certain: meant?.certain === true,
  };
}

/** `/messages/0/content` → `"messages[0].content"`. */
export function named(pointer: string): string {
  if (pointer === '') return 'The record';
  const parts = pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return `"${parts.map((part, i) => (/^\d+$/.test(part) ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')}"`;
}

/** What a value is, for a message: `the text "yes"`, `an empty list`. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return value === '' ? 'an empty text' : `the text ${quote(value)}`;
  return typeof value === 'number' ? `the number ${value}` : String(value);
}

/** In double quotes, shortened. */
function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
