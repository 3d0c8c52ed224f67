import * as vscode from 'vscode';
import { SEVERITY_CHOICES } from '../../dataset-lsp/rules/rule';

/**
 * Changes the severity of a rule, in the settings of the workspace folder where there is one. Without a severity it is
 * asked for.
 */
export async function configureRule(rule?: unknown, uri?: unknown, severity?: unknown): Promise<void> {
  if (typeof rule !== 'string') return;
  const resource = typeof uri === 'string' ? vscode.Uri.parse(uri) : undefined;
  const settings = vscode.workspace.getConfiguration('fine-tune', resource);
  const rules = settings.get<Readonly<Record<string, unknown>>>('rules', {});
  const own = rules[rule];
  const chosen =
    typeof severity === 'string'
      ? severity
      : await vscode.window.showQuickPick([...SEVERITY_CHOICES], {
          title: `Severity of "${rule}"`,
          placeHolder: typeof own === 'string' ? `Now: ${own}` : 'The new severity',
        });
  if (chosen === undefined) return;
  // Options that the user gave stay.
  const value = typeof own === 'object' && own !== null ? { ...own, severity: chosen } : chosen;
  const folders = vscode.workspace.workspaceFolders ?? [];
  const target = folders.length > 0 ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await settings.update('rules', { ...rules, [rule]: value }, target);
}
