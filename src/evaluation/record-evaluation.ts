import { type EvaluatedEvent, PROTOCOL_VERSION } from '../training/protocol';
import { appendEvent, runFolderAt } from '../training/run-folder';
import type { EvaluationReport } from './report';
import type { EvaluationFiles } from './report-files';

/** Says in the log of the run that it was evaluated. @throws Failure `disk-full` or `log-unwritable` */
export function recordEvaluation(run: string, { name, report: path }: EvaluationFiles, report: EvaluationReport): void {
  const values = (side: 'base' | 'tuned'): Readonly<Record<string, number | null>> =>
    Object.fromEntries(
      [...report.metrics, ...report.benchmarks.map(({ id, overall }) => ({ id, ...overall }))].map((metric) => [
        metric.id,
        metric[side]?.value ?? null,
      ]),
    );
  const event: EvaluatedEvent = {
    v: PROTOCOL_VERSION,
    time: new Date().toISOString(),
    type: 'evaluated',
    name,
    report: path,
    base: values('base'),
    tuned: values('tuned'),
  };
  appendEvent(runFolderAt(run), event);
}
