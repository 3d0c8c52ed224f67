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
  const connection = await attach(path, PATIENCE_MS);
  await connection?.send(command);
  connection?.close();
  for (;;) {
    const run = await summarizeRun(path);
    if (wanted.includes(run.state) || !isLive(run)) return run;
    if (!connection)
      throw new Failure(
        'no-answer',
        `The trainer of ${name} does not answer.`,
        `Its process id is in ${path}/process.json; end that process if it hangs.`,
      );
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}
