/** The files of an evaluation. The report is written last, so that where it is, the others are whole. */
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../common/failure';
import { asRecord } from '../dataset/shape';
import { writeFailure, writeFileAtomically } from '../training/weights/files';
import { type EvaluationReport, type PredictionRow, REPORT_VERSION } from './report';
import { reportMarkdown } from './report-markdown';

export interface EvaluationFiles {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  readonly report: string;
  readonly markdown: string;
  readonly predictions: string;
  readonly journal: string;
}

/** @throws Failure `usage` (exit code 2) for a name that is no file name everywhere */
export function evaluationFiles(folder: string, name: string): EvaluationFiles {
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_. -]{0,99}$/u.test(name) || /[. ]$/.test(name) || RESERVED.test(name))
    throw new Failure(
      'usage',
      `"${name}" cannot be the name of an evaluation: files are named after it.`,
      'Give another with --name: letters, digits, ".", "-" and "_", at most 100, and no name of a device such as "con".',
      2,
    );
  return {
    name,
    folder,
    report: join(folder, `${name}.json`),
    markdown: join(folder, `${name}.md`),
    predictions: join(folder, `${name}.predictions.jsonl`),
    journal: join(folder, `${name}.partial.jsonl`),
  };
}

/** @throws Failure `disk-full` or `write-failed` */
export function writeReport(files: EvaluationFiles, report: EvaluationReport, rows: readonly PredictionRow[]): void {
  try {
    mkdirSync(files.folder, { recursive: true });
  } catch (error) {
    throw writeFailure(error, files.folder, 0);
  }
  writeFileAtomically(files.predictions, 0, (write) => {
    for (const row of rows) write(Buffer.from(`${JSON.stringify(row)}\n`));
  });
  writeFileAtomically(files.markdown, 0, (write) => write(Buffer.from(reportMarkdown(report, rows))));
  writeFileAtomically(files.report, 0, (write) => write(Buffer.from(`${JSON.stringify(report, undefined, 2)}\n`)));
}

/** Of devices on Windows, whatever follows a dot. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** The reports in a folder `evaluation`, newest first; files that are none are left out. */
export function readReports(folder: string): EvaluationReport[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .flatMap((name) => (name.endsWith('.json') ? (readReport(join(folder, name)) ?? []) : []))
    .sort((a, b) => b.created.localeCompare(a.created));
}

function readReport(path: string): EvaluationReport | undefined {
  try {
    const value = asRecord(JSON.parse(readFileSync(path, 'utf8'))) as Partial<EvaluationReport> | undefined;
    return value?.version === REPORT_VERSION && Array.isArray(value.metrics) && typeof value.created === 'string'
      ? (value as EvaluationReport)
      : undefined;
  } catch {
    return undefined;
  }
}
