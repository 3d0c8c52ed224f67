import * as vscode from 'vscode';
import type { MachineReport } from '../../cli/examine';
import { Failure } from '../../common/failure';
import { runDatasetCommand } from '../dataset-work';
import { createDevicesDocument, type DevicesDocument } from '../devices-document';
import { nodeFlags } from '../node-flags';
import { mayTrain } from '../trust';
import type { Workbench } from '../workbench';

let page: DevicesDocument | undefined;

/** What this machine can train on, as a page. Every device is tried, so it takes some seconds. */
export async function showDevices(workbench: Workbench): Promise<void> {
  if (!(await mayTrain())) return;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const { out, err } = await runDatasetCommand(
    workbench,
    'Trying the devices',
    ['doctor', '--json', ...nodeFlags()],
    folder,
  );
  if (out.trim() === '') throw new Failure('devices', err.trim(), '');
  const report = JSON.parse(out) as MachineReport;
  if (!page) workbench.context.subscriptions.push((page = createDevicesDocument()));
  await page.show(report);
  if (report.devices.some(({ device, hint }) => device === 'cuda' && hint?.includes('install-runtime'))) {
    const choice = await vscode.window.showInformationMessage(
      'An NVIDIA GPU is there, and the library that uses it is not.',
      'Install GPU Runtime',
    );
    if (choice) await vscode.commands.executeCommand('fine-tune.installGpuRuntime');
  }
}
