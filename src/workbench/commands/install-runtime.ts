import * as vscode from 'vscode';
import { Failure } from '../../common/failure';
import { RUNTIME_BYTES, runtimeFolder, runtimeIsInstalled } from '../../training/devices/gpu-runtime';
import { downloadBytes } from '../../training/devices/install-runtime';
import { needlessRuntime } from '../../training/devices/needless-runtime';
import { runDatasetCommand } from '../dataset-work';
import { nodeFlags } from '../node-flags';
import { CANCELLED } from '../run-cli';
import { mayTrain } from '../trust';
import type { Workbench } from '../workbench';

/** Asks with the size, fetches with progress, and ends with what works now. */
export async function installGpuRuntime(workbench: Workbench): Promise<void> {
  if (!(await mayTrain())) return;
  const needless = await needlessRuntime();
  if (needless !== undefined) {
    await vscode.window.showInformationMessage(needless);
    return;
  }
  if (!runtimeIsInstalled() && !(await agreed())) return;
  try {
    const args = ['install-runtime', '--yes', ...nodeFlags()];
    const { code, out, err } = await runDatasetCommand(workbench, 'Installing the GPU runtime', args);
    if (code === 1) throw new Failure('install-runtime', err.trim().replace(/^error: /, ''), '');
    const choice = await vscode.window.showInformationMessage(out.trim().split('\n').join(' '), 'Show Devices');
    if (choice) await vscode.commands.executeCommand('fine-tune.showDevices');
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== CANCELLED) throw error;
    await vscode.window.showInformationMessage(
      'The GPU runtime is not installed. What has arrived is kept for next time.',
    );
  }
}

async function agreed(): Promise<boolean> {
  const detail = [
    `It is what training on an NVIDIA GPU needs besides NVIDIA's driver, and comes from pypi.org, checked by SHA-256. It takes ${Math.round(RUNTIME_BYTES / 1e6)} MB in ${runtimeFolder()}.`,
    "NVIDIA's libraries come under NVIDIA's licence: https://docs.nvidia.com/cuda/eula.",
  ].join('\n\n');
  const choice = await vscode.window.showInformationMessage(
    `Fetch ${Math.round(downloadBytes() / 1e6)} MB for the GPU?`,
    { modal: true, detail },
    'Fetch',
  );
  return choice === 'Fetch';
}
