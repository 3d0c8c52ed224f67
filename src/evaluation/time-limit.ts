import { createContext, Script, type Context } from 'node:vm';

/**
 * Runs work in this thread and gives up after some milliseconds: `undefined`. It also ends a regular expression that
 * backtracks without end, which nothing in the language can.
 */
export function withTimeLimit<T>(work: () => T, milliseconds: number): T | undefined {
  // A context costs a millisecond, so one serves all calls.
  context ??= createContext({});
  context['work'] = work;
  try {
    return SCRIPT.runInContext(context, { timeout: milliseconds }) as T;
  } catch (error) {
    // It may be an Error of the context, which is no `instanceof Error` here.
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  }
}

const SCRIPT = new Script('work()');
let context: Context | undefined;
