/** The sampling parameters of a chat: one row each, for flags, messages and input fields. Defaults are llama.cpp's. */
import { Failure } from '../common/failure';
import type { Sampling } from '../evaluation/generation/generator';

export interface SamplingField {
  readonly key: keyof Sampling;
  /** As flag of the command line, and after `/set`. */
  readonly flag: string;
  readonly title: string;
  /** One sentence. */
  readonly help: string;
  readonly default: number;
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

export const SAMPLING_FIELDS: readonly SamplingField[] = [
  {
    key: 'temperature',
    flag: 'temperature',
    title: 'Temperature',
    help: '0: always the likeliest token. Higher: more varied.',
    default: 0.8,
    least: 0,
    most: 5,
    whole: false,
  },
  {
    key: 'topP',
    flag: 'top-p',
    title: 'Top p',
    help: 'Only the likeliest tokens that together have this share. 1: all.',
    default: 0.95,
    least: 0,
    most: 1,
    whole: false,
  },
  {
    key: 'topK',
    flag: 'top-k',
    title: 'Top k',
    help: 'Only so many of the likeliest tokens. 0: all.',
    default: 40,
    least: 0,
    most: 1_000_000,
    whole: true,
  },
  {
    key: 'minP',
    flag: 'min-p',
    title: 'Min p',
    help: 'Only tokens at least this share as likely as the likeliest. 0: all.',
    default: 0.05,
    least: 0,
    most: 1,
    whole: false,
  },
  {
    key: 'repeatPenalty',
    flag: 'repeat-penalty',
    title: 'Repeat penalty',
    help: 'Above 1, tokens that have come up are less likely.',
    default: 1,
    least: 0.1,
    most: 10,
    whole: false,
  },
  {
    key: 'maxNewTokens',
    flag: 'max-new-tokens',
    title: 'Longest answer',
    help: 'Most tokens of an answer.',
    default: 512,
    least: 1,
    most: 1_000_000,
    whole: true,
  },
  {
    key: 'seed',
    flag: 'seed',
    title: 'Seed',
    help: 'The same seed gives the same answer to the same messages.',
    default: 0,
    least: 0,
    most: 4_294_967_295,
    whole: true,
  },
];

export const DEFAULT_SAMPLING = samplingOf((field) => field.default);

/** A value for every parameter. */
export function samplingOf(value: (field: SamplingField) => number): Sampling {
  const { temperature, topP, topK, minP, repeatPenalty, maxNewTokens, seed } = Object.fromEntries(
    SAMPLING_FIELDS.map((field) => [field.key, value(field)]),
  ) as Record<keyof Sampling, number>;
  return { temperature, topP, topK, minP, repeatPenalty, maxNewTokens, seed };
}

/** @throws Failure `sampling` (exit code 2) that names the limits */
export function samplingValue(field: SamplingField, given: unknown, name: string = field.title): number {
  if (given === undefined) return field.default;
  const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  if (isAllowed(field, value)) return value;
  throw new Failure('sampling', `${name} cannot be ${String(given)}.`, `Give ${limitsText(field)}.`, 2);
}

/** `a whole number from 1 to 1,000,000`. */
export function limitsText({ whole, least, most }: SamplingField): string {
  const [from, to] = [least, most].map((value) => value.toLocaleString('en-US'));
  return `a ${whole ? 'whole ' : ''}number from ${from} to ${to}`;
}

function isAllowed({ least, most, whole: whole }: SamplingField, value: unknown): value is number {
  return typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value));
}
