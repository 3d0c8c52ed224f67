import type { EventBody, PhaseName } from './protocol';

export type PhaseRunner = <T>(name: PhaseName, work: () => T) => T;

/**
 * Runs a part of the work between the events of its begin and its end; an end that is not reached is not reported.
 * @param now milliseconds
 */
export function createPhases(report: (event: EventBody) => void, now: () => number): PhaseRunner {
  return (name, work) => {
    const begun = now();
    report({ type: 'phase', phase: name, state: 'begin' });
    const end = (): void => report({ type: 'phase', phase: name, state: 'end', seconds: (now() - begun) / 1000 });
    const result = work();
    if (result instanceof Promise) return result.then((value: unknown) => (end(), value)) as typeof result;
    end();
    return result;
  };
}
