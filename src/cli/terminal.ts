/** Where the words of a command go, and what the reader's terminal can show. */
export interface Terminal {
  /** Results: standard output. */
  out(text: string): void;
  /** Progress, warnings, failures: standard error. */
  err(text: string): void;
  /** Standard error is a terminal that can rewrite its last line. */
  readonly live: boolean;
  /** For `err`. */
  readonly color: boolean;
  /** For `out`. */
  readonly colorOut: boolean;
  /** More than ASCII can be shown. */
  readonly unicode: boolean;
  columns(): number;
  readonly cwd: string;
}

/** Back to the begin of the last line, which is emptied. */
export const CLEAR_LINE = '\r\u001b[2K';
/** Exit code of a command that Ctrl-C ended: 128 + SIGINT, as shells have it. */
export const INTERRUPTED = 130;

export function processTerminal(): Terminal {
  const { env, stdout, stderr } = process;
  // "fine-tune runs | head" closes our output early: nothing is left to say.
  stdout.on('error', () => process.exit());
  stderr.on('error', () => undefined);
  const colors = !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(text),
    live: stderr.isTTY === true && env['TERM'] !== 'dumb',
    color: stderr.isTTY === true && colors,
    colorOut: stdout.isTTY === true && colors,
    unicode: showsUnicode(process.platform, env),
    columns: () => stderr.columns || 100,
    cwd: process.cwd(),
  };
}

export function showsUnicode(platform: string, env: NodeJS.ProcessEnv): boolean {
  if (platform === 'win32') return Boolean(env['WT_SESSION'] ?? env['TERM_PROGRAM'] ?? env['CI']);
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return /utf-?8/i.test(locale) || (locale === '' && platform === 'darwin');
}

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'blue';
const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  blue: [34, 39],
};

export function styled(on: boolean, style: Style, text: string): string {
  const [begin, end] = CODES[style];
  return on && text !== '' ? `\u001b[${begin}m${text}\u001b[${end}m` : text;
}
