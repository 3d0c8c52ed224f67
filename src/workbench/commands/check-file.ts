import * as path from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../../common/failure';
import type { Problem } from '../../dataset-lsp/placement';
import { DIAGNOSTIC_SOURCE } from '../../dataset-lsp/protocol';
import { dataFile, fileOf } from '../data-files';
import { checkText, type CheckedReport } from '../dataset-words';
import { runDatasetCommand } from '../dataset-work';
import { folderOf, ruleFlags, tokenFlags } from '../check-flags';

import type { Workbench } from '../workbench';

const SEVERITIES = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
} as const;

/** Checks a file of any size from the disk; what is found comes to the list of problems. */
export async function checkFile(workbench: Workbench, resource?: unknown): Promise<void> {
  const file = await dataFile(resource, 'The check reads the file from the disk.');
  if (file === undefined) return;
  const uri = vscode.Uri.file(file);
  const args = ['check', file, '--format', 'json', ...(await tokenFlags(uri)), ...ruleFlags(uri)];
  const { out, err } = await runDatasetCommand(workbench, `Checking ${path.basename(file)}`, args, folderOf(uri));
  if (out.trim() === '') throw new Failure('check', err.trim(), '');
  const [report] = (JSON.parse(out) as { readonly files: readonly CheckedReport[] }).files;
  if (!report) return;
  // A file that is open has the language server's findings already.
  const isOpen = vscode.workspace.textDocuments.some((document) => fileOf(document.uri) === file);
  if (!isOpen) workbench.datasets.problems.set(uri, report.problems.map(toDiagnostic));
  const choice = await vscode.window.showInformationMessage(
    checkText(path.basename(file), report),
    'Show Problems',
    'Statistics',
  );
  if (choice === 'Show Problems') await vscode.commands.executeCommand('workbench.actions.view.problems');
  if (choice === 'Statistics') await vscode.commands.executeCommand('fine-tune.showStatistics', uri);
}

function toDiagnostic({ line, column, endLine, endColumn, message, rule, severity }: Problem): vscode.Diagnostic {
  const range = new vscode.Range(line - 1, column - 1, endLine - 1, endColumn - 1);
  const diagnostic = new vscode.Diagnostic(range, message, SEVERITIES[severity]);
  diagnostic.source = DIAGNOSTIC_SOURCE;
  diagnostic.code = rule;
  return diagnostic;
}
