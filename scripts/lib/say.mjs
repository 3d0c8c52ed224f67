/** What the scripts print, and how they end. Node built-ins only: this runs before anything is installed. */

/** An expected failure: what went wrong, and what the reader can do about it. */
export class ScriptFailure extends Error {
  /** @param {string} message @param {string} hint */
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/**
 * Does one piece of work and says so in one line: `title … 1.2 s`.
 * @template T
 * @param {string} title
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const begin = performance.now();
  process.stdout.write(`${title} … `);
  try {
    const result = await work();
    process.stdout.write(`${((performance.now() - begin) / 1000).toFixed(1)} s\n`);
    return result;
  } catch (error) {
    process.stdout.write('failed\n');
    throw error;
  }
}

/**
 * Runs a script's work; an expected failure ends it with its two sentences and code 1, anything else with its stack.
 * @param {() => Promise<number | void>} work its result is the exit code, 0 when there is none
 */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    if (!(error instanceof ScriptFailure)) throw error;
    console.error(`\n${error.message}\n${error.hint}`);
    process.exitCode = 1;
  }
}
