import * as vscode from 'vscode';
import { findNode, launchTrainer } from './training/launcher';
import { DASHBOARD_VIEW, DashboardViewProvider } from './webview/panel';
import { chat } from './workbench/commands/chat';
import { checkFile, checkForService } from './workbench/commands/check-file';
import { chooseModel } from './workbench/commands/choose-model';
import { configureRule } from './workbench/commands/configure-rule';
import { convertDataset } from './workbench/commands/convert-dataset';
import { editRecord } from './workbench/commands/edit-record';
import { evaluate, openEvaluation } from './workbench/commands/evaluate';
import { exportModel } from './workbench/commands/export';
import { installGpuRuntime } from './workbench/commands/install-runtime';
import { openDashboard } from './workbench/commands/open-dashboard';
import { openRunFolder } from './workbench/commands/open-run-folder';
import { continueTraining, pauseTraining } from './workbench/commands/pause-training';
import { previewExample } from './workbench/commands/preview-example';
import { removeDuplicates } from './workbench/commands/remove-duplicates';
import { showDevices } from './workbench/commands/show-devices';
import { showLog } from './workbench/commands/show-log';
import { statistics } from './workbench/commands/show-statistics';
import { resumeTraining } from './workbench/commands/resume-training';
import { splitDataset } from './workbench/commands/split-dataset';
import { stopTraining } from './workbench/commands/stop-training';
import { train } from './workbench/commands/train';
import { createDashboardHost } from './workbench/dashboard-host';
import { createDatasets } from './workbench/datasets';
import { notifyOfRun } from './workbench/notification';
import { outputFolders, rememberOutputFolder } from './workbench/output-folders';
import { report } from './workbench/report';
import { registerRunSettings } from './workbench/run-settings-document';
import { Runs, type Launch } from './workbench/runs';
import { createStatusBar } from './workbench/status-bar';
import { watchForRuns } from './workbench/watch-runs';
import type { Workbench } from './workbench/workbench';

const COMMANDS: Readonly<Record<string, (workbench: Workbench, ...given: readonly unknown[]) => Promise<void>>> = {
  'fine-tune.train': (workbench, resource) => train(workbench, resource instanceof vscode.Uri ? resource : undefined),
  'fine-tune.chooseModel': chooseModel,
  'fine-tune.stopTraining': stopTraining,
  'fine-tune.pauseTraining': pauseTraining,
  'fine-tune.continueTraining': continueTraining,
  'fine-tune.resumeTraining': resumeTraining,
  'fine-tune.openDashboard': openDashboard,
  'fine-tune.chat': chat,
  'fine-tune.evaluate': evaluate,
  'fine-tune.openEvaluation': openEvaluation,
  'fine-tune.export': exportModel,
  'fine-tune.openRunFolder': openRunFolder,
  'fine-tune.showLog': showLog,
  'fine-tune.showDevices': showDevices,
  'fine-tune.installGpuRuntime': installGpuRuntime,
  'fine-tune.previewExample': ({ datasets }, uri, line) => previewExample(datasets.previews, uri, line),
  'fine-tune.editRecord': ({ datasets }) => editRecord(datasets.records),
  'fine-tune.checkFile': checkFile,
  'fine-tune.checkForService': checkForService,
  'fine-tune.showStatistics': statistics,
  'fine-tune.convertDataset': convertDataset,
  'fine-tune.splitDataset': splitDataset,
  'fine-tune.removeDuplicates': removeDuplicates,
  'fine-tune.configureRule': (_workbench, rule, uri, severity) => configureRule(rule, uri, severity),
};

/** Creates the areas and registers the commands. What is large (the language client) is loaded when it is needed. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Fine-tune', { log: true });
  const folders = (): readonly string[] => outputFolders(context.workspaceState);
  const runs = new Runs({
    prepare: () => prepareTrainer(context),
    outputFolders: folders,
    rememberOutputFolder: (folder) => rememberOutputFolder(context.workspaceState, folder),
    now: () => new Date(),
    log: (message) => log.info(message),
  });
  const datasets = createDatasets(
    context,
    log,
    () => import('./dataset-lsp/client'),
    (error) => void report(log, error),
  );
  const workbench: Workbench = { context, log, runs, datasets };
  const dashboard = new DashboardViewProvider(context.extensionUri, createDashboardHost(runs, folders), (error) =>
    log.error(error instanceof Error ? error : String(error)),
  );
  context.subscriptions.push(
    log,
    runs,
    datasets,
    createStatusBar(runs),
    registerRunSettings(),
    vscode.window.registerWebviewViewProvider(DASHBOARD_VIEW, dashboard),
    runs.onLive((run, origin) => {
      if (origin !== 'elsewhere') notifyOfRun(run).catch((error: unknown) => report(log, error));
    }),
    ...Object.entries(COMMANDS).map(([id, command]) =>
      vscode.commands.registerCommand(id, (...given: readonly unknown[]) =>
        command(workbench, ...given).catch((error: unknown) => void report(log, error)),
      ),
    ),
  );
  context.subscriptions.push(watchForRuns(runs, (error) => void report(log, error)));
}

/** A detached trainer, in a Node that was found to work. */
async function prepareTrainer(context: vscode.ExtensionContext): Promise<Launch> {
  const setting = vscode.workspace.getConfiguration('fine-tune').get<string>('nodePath', '').trim();
  const nodePath = await findNode(setting === '' ? undefined : setting);
  const trainerPath = context.asAbsolutePath('dist/trainer.js');
  return (runFolder, resume) => launchTrainer({ nodePath, trainerPath, runFolder, attached: false, resume });
}
