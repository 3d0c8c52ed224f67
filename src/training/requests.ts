import type { Pause } from './loop';
import type { TrainerCommand } from './protocol';

/** What a trainer was asked for, until its loop looks between two steps. */
export interface Requests {
  readonly receive: (command: TrainerCommand) => void;
  readonly stopRequested: () => boolean;
  readonly pause: Pause;
}

const LONG_MS = 1 << 30;

export function createRequests(): Requests {
  let wanted: 'run' | 'pause' | 'stop' = 'run';
  let wake = (): void => undefined;
  let waited = 0;
  return {
    receive: ({ type }) => {
      if (wanted !== 'stop') wanted = type === 'continue' ? 'run' : type;
      if (wanted !== 'pause') wake();
    },
    stopRequested: () => wanted === 'stop',
    pause: {
      requested: () => wanted === 'pause',
      over: () =>
        new Promise((done) => {
          const begun = performance.now();
          // The control socket alone does not keep the process alive.
          const timer = setInterval(() => undefined, LONG_MS);
          wake = () => {
            wake = () => undefined;
            waited += performance.now() - begun;
            clearInterval(timer);
            done();
          };
        }),
      waited: () => waited,
    },
  };
}
