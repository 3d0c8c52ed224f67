import type * as vscode from 'vscode';
import type { Datasets } from './datasets';
import type { Runs } from './runs';

/** What every command gets: made once by `activate`. */
export interface Workbench {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly runs: Runs;
  readonly datasets: Datasets;
}
