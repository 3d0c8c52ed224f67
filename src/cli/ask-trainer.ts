import { join } from 'node:path';
import { Failure } from '../common/failure';
import { attach } from '../training/control';
import type { TrainerCommand } from '../training/protocol';
import { type RunState, type RunSummary, isLive, summarizeRun } from '../training/run-folder';

const POLL_MS = 200;
/** A step of a large model may take minutes, and the trainer answers between two steps. */
const PATIENCE_MS = 600_000;

/**
 * Sends a command to the trainer of a run and waits until the run is in one of these states, or has ended.
 * @throws Failure `no-answer`
 */
export async function askTrainer(
  { path, name }: Pick<RunSummary, 'path' | 'name'>,
  command: TrainerCommand,
  ...wanted: readonly RunState[]
): Promise<RunSummary> {
  const began = performance.now();
  let sent = false;
  for (;;) {
    if (!sent) {
      const connection = await attach(path, PATIENCE_MS);
      await connection?.send(command);
      connection?.close();
      sent = connection !== undefined;
    }
    const run = await summarizeRun(path);
    if ((sent && wanted.includes(run.state)) || !isLive(run)) return run;
    // One that has just been started opens its socket a moment later.
    if (!sent && performance.now() - began >= PATIENCE_MS)
      throw new Failure(
        'no-answer',
        `The trainer of ${name} does not answer.`,
        `Its process id is in ${join(path, 'process.json')}; end that process if it hangs.`,
      );
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}
