import * as path from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../common/failure';
import { attach } from '../training/control';
import type { TrainerCommand } from '../training/protocol';
import { watchEvents } from '../training/run-folder';
import type { DashboardHost } from '../webview/panel';
import { showRunSettings } from './run-settings-document';
import type { Runs } from './runs';

/** What the dashboard sees of the workbench: the run folders, and the same actions that the commands have. */
export function createDashboardHost(runs: Runs, outputFolders: () => readonly string[]): DashboardHost {
  return {
    listRuns: async () =>
      (await runs.list()).map((run) => ({
        run: run.path,
        name: run.name,
        state: run.state,
        startedAt: run.created,
        step: run.lastStep,
        totalSteps: run.totalSteps,
        validationLoss: run.bestValidationLoss ?? null,
      })),
    onRunsChanged: (listener) => runs.onChange(listener),
    watchRun: (run, onEvents) => watchEvents(run, onEvents),
    actions: {
      train: async () => {
        await vscode.commands.executeCommand('fine-tune.train');
      },
      stop: (run) => ask(runs, run, 'stop'),
      pause: (run) => ask(runs, run, 'pause'),
      continue: (run) => ask(runs, run, 'continue'),
      useModel: async (run, use) => {
        await vscode.commands.executeCommand(`fine-tune.${use}`, run);
      },
      openEvaluation: async (report) => {
        requireOwn(report, outputFolders());
        await vscode.commands.executeCommand('fine-tune.openEvaluation', report);
      },
      openFolder: async (folder) => {
        requireOwn(folder, outputFolders());
        await vscode.commands.executeCommand('fine-tune.openRunFolder', folder);
      },
      openLog: async (run) => {
        await vscode.commands.executeCommand('fine-tune.showLog', run);
      },
      openSettings: (run) => showRunSettings(run),
      copyText: async (text) => {
        await vscode.env.clipboard.writeText(text);
      },
    },
  };
}

/** The page names paths that it has read in logs. */
function requireOwn(file: string, folders: readonly string[]): void {
  if (folders.some((root) => !path.relative(root, file).startsWith('..'))) return;
  throw new Failure('foreign-folder', `${file} belongs to no run of this workspace.`, 'Open it in the file manager.');
}

async function ask(runs: Runs, folder: string, type: TrainerCommand['type']): Promise<void> {
  const run = runs.live.find((each) => each.path === folder);
  if (run) return run[type]();
  const connection = await attach(folder);
  if (!connection) throw new Failure('not-running', 'The trainer of this run is gone.', 'Resume the run.');
  await connection.send({ type });
  connection.close();
}
