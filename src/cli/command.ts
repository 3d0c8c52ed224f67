/** What a command of `fine-tune` is, and how its arguments are read. */
import { parseArgs } from 'node:util';
import { Failure } from '../common/failure';
import { nearest } from '../common/nearest';
import type { Terminal } from './terminal';

export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** Name of the value in the help; a flag without one is on or off. */
  readonly value?: string;
  readonly help: string;
  /** May be given several times. */
  readonly many?: true;
  /** A second spelling, left out of the help. */
  readonly sameAs?: string;
}

export interface Command {
  readonly name: string;
  /** After the name, for example `FILE…`. */
  readonly usage: string;
  readonly summary: string;
  readonly operands: { readonly least: number; readonly most: number };
  readonly flags: readonly Flag[];
  /** More help, below the flags. */
  readonly notes?: string;
  run(input: Arguments, terminal: Terminal): Promise<number>;
}

export interface Arguments {
  readonly operands: readonly string[];
  /** Every value of a flag in order; a flag without a value has `''`. */
  all(flag: string): readonly string[];
  /** The last value. */
  last(flag: string): string | undefined;
  has(flag: string): boolean;
}

/** @throws Failure `usage` (exit code 2) that names the nearest flag. */
export function readArguments(command: Command, argv: readonly string[]): Arguments {
  const known = new Map(command.flags.map((flag) => [flag.name, flag]));
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries(
      command.flags.map((flag) => [flag.name, { type: flag.value ? ('string' as const) : ('boolean' as const) }]),
    ),
  });
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = known.get(token.name);
    if (!flag) throw unknownFlag(command, token.rawName);
    if (flag.value && (token.value === undefined || token.value === ''))
      throw usage(command, `${token.rawName} needs a value: ${token.rawName} ${flag.value}.`);
    if (!flag.value && token.value !== undefined) throw usage(command, `${token.rawName} takes no value.`);
    const name = flag.sameAs ?? flag.name;
    values.set(name, [...(values.get(name) ?? []), token.value ?? '']);
  }
  const { least, most } = command.operands;
  if (operands.length < least)
    throw usage(command, `"fine-tune ${command.name}" needs ${command.usage.split(' ')[0]}.`);
  if (operands.length > most) throw usage(command, `"${operands[most]}" is one argument too many.`);
  return {
    operands,
    all: (flag) => values.get(flag) ?? [],
    last: (flag) => values.get(flag)?.at(-1),
    has: (flag) => values.has(flag),
  };
}

function unknownFlag(command: Command, given: string): Failure {
  const names = command.flags.map((flag) => flag.name);
  const near = nearest(given, names);
  return usage(command, `"fine-tune ${command.name}" has no flag ${given}.${near ? ` Did you mean --${near}?` : ''}`);
}

function usage(command: Command, message: string): Failure {
  return new Failure('usage', message, `"fine-tune ${command.name} --help" shows all flags.`, 2);
}
