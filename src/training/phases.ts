import type { EventBody, PhaseName } from './protocol';

type PhaseRunner = <T>(name: PhaseName, work: () => T) => T;

/** Runs a part of the work between the events of its begin and its end; an end that is not reached is not reported. */
export function createPhases(report: (event: EventBody) => void): PhaseRunner {
  return (name, work) => {
    const begun = performance.now();
    report({ type: 'phase', phase: name, state: 'begin' });
    const end = (): void =>
      report({ type: 'phase', phase: name, state: 'end', seconds: (performance.now() - begun) / 1000 });
    const result = work();
    if (result instanceof Promise) return result.then((value: unknown) => (end(), value)) as typeof result;
    end();
    return result;
  };
}
