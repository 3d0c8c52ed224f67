import type { DatasetStatistics } from './statistics';

/** All that is said about a file on one page; also what `fine-tune statistics --json` prints. */
export interface DatasetReport {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly statistics: DatasetStatistics;
  /** Most severe first, then by count. */
  readonly issues: readonly ReportedIssue[];
  /** Who counted the tokens: a model's name, or that of the default vocabulary; `null` when nobody did. */
  readonly vocabulary: string | null;
  /** Records with an error. */
  readonly invalidRecords: number;
}

export interface ReportedIssue {
  readonly rule: string;
  readonly title: string;
  readonly severity: 'error' | 'warning' | 'information' | 'hint';
  readonly count: number;
  /** 1-based line of the first one. */
  readonly firstLine: number;
}
