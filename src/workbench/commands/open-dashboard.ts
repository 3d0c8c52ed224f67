import * as vscode from 'vscode';

/** Shows the dashboard where the user has put it: in the activity bar's container, or elsewhere. */
export async function openDashboard(): Promise<void> {
  await vscode.commands.executeCommand('fine-tune.dashboard.focus');
}
