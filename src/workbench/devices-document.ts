import * as vscode from 'vscode';
import type { MachineReport } from '../cli/examine';
import { devicesMarkdown } from './devices-words';

const URI = vscode.Uri.from({ scheme: 'fine-tune-devices', path: '/Devices.md' });

export interface DevicesDocument extends vscode.Disposable {
  /** Opens the page, or renews the open one. */
  show(report: MachineReport): Promise<void>;
}

export function createDevicesDocument(): DevicesDocument {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  let text = '';
  const provider = vscode.workspace.registerTextDocumentContentProvider(URI.scheme, {
    onDidChange: changed.event,
    provideTextDocumentContent: () => text,
  });
  return {
    show: async (report) => {
      text = devicesMarkdown(report);
      changed.fire(URI);
      await vscode.commands.executeCommand('markdown.showPreview', URI);
    },
    dispose: () => vscode.Disposable.from(provider, changed).dispose(),
  };
}
