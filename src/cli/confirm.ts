import { createInterface } from 'node:readline/promises';

/** Asks on the terminal; the answer is no unless it is yes. `undefined`: nobody is there to answer. */
export async function confirm(question: string): Promise<boolean | undefined> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-C and Ctrl-D reject.
    const answer = await lines.question(`${question} [y/N] `).catch(() => '');
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
