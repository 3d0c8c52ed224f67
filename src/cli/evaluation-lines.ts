import { join } from 'node:path';
import { headlineOf } from '../evaluation/reading';
import { readReports } from '../evaluation/report-files';
import { metricTable } from '../evaluation/report-cells';
import { columnsText, dateText } from './format';

/** The evaluations of a run, newest first; nothing where there are none. */
export function evaluationLines(run: string): string[] {
  return readReports(join(run, 'evaluation')).flatMap((report) => {
    const table = columnsText(metricTable(report), [1, 2, 3, 4]).map((line) => `  ${line}`);
    const words = report.tuned ? [`  ${headlineOf(report).text}`] : [];
    return ['', `Evaluation ${report.name}, ${dateText(report.created)}`, ...words, ...table];
  });
}
