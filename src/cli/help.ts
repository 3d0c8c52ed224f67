import type { Command } from './command';
import { wrap } from './format';
import { SETTING_FLAGS } from './setting-flags';

const WIDTH = 100;
const INDENT = 34;

/** `fine-tune --help` */
export function generalHelp(commands: readonly Command[]): string {
  const rows = commands.map((command) => entry(`${command.name} ${command.usage}`.trim(), command.summary));
  return [
    'From a JSONL file to a fine-tuned language model on this machine.',
    '',
    'Usage: fine-tune COMMAND …',
    '',
    ...rows,
    '',
    '"fine-tune COMMAND --help" explains a command. --version prints the version.',
  ].join('\n');
}

/** `fine-tune COMMAND --help`; flags that are settings come last, under a heading of their own. */
export function commandHelp(command: Command): string {
  const settings = new Set(SETTING_FLAGS);
  // A flag of one letter is named in the text of the long one.
  const shown = command.flags.filter(
    (flag) => flag.sameAs === undefined || (!settings.has(flag) && flag.name.length > 1),
  );
  const line = (flag: Command['flags'][number]): string =>
    entry(`--${flag.name}${flag.value ? ` ${flag.value}` : ''}${flag.many ? ' …' : ''}`, flag.help);
  const own = shown.filter((flag) => !settings.has(flag)).map(line);
  const shared = shown.filter((flag) => settings.has(flag)).map(line);
  return [
    ...wrap(command.summary, WIDTH),
    '',
    `Usage: fine-tune ${command.name} ${command.usage}`.trimEnd(),
    ...(own.length > 0 ? ['', 'Flags:', ...own] : []),
    ...(shared.length > 0 ? ['', 'Settings (also keys of finetune.json, with _ for -):', ...shared] : []),
    ...(command.notes ? ['', command.notes] : []),
  ].join('\n');
}

function entry(left: string, help: string): string {
  const [first = '', ...rest] = wrap(help, WIDTH - INDENT);
  const margin = ' '.repeat(INDENT);
  const head = `  ${left}`;
  const lines = head.length <= INDENT - 2 ? [head.padEnd(INDENT) + first] : [head, margin + first];
  return [...lines, ...rest.map((line) => margin + line)].join('\n');
}
