import * as path from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../../common/failure';
import type { Problem } from '../../dataset-lsp/placement';
import { DIAGNOSTIC_SOURCE } from '../../dataset-lsp/protocol';
import { TARGETS } from '../../dataset-lsp/targets';
import type { Target } from '../../dataset-lsp/targets/target';
import { dataFile, fileOf } from '../data-files';
import { checkText, targetText, type CheckedReport } from '../dataset-words';
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
  await check(workbench, resource, undefined);
}

/** The same against the limits of a service or library that the file shall be sent to. */
export async function checkForService(workbench: Workbench, resource?: unknown): Promise<void> {
  const choices = Object.values(TARGETS).map(({ target }) => ({ label: target.name, detail: target.source, target }));
  const choice = await vscode.window.showQuickPick(choices, {
    title: 'Check for a service',
    placeHolder: 'Where the file shall be sent',
  });
  if (choice) await check(workbench, resource, choice.target);
}

async function check(workbench: Workbench, resource: unknown, target: Target | undefined): Promise<void> {
  const file = await dataFile(resource, 'The check reads the file from the disk.');
  if (file === undefined) return;
  const uri = vscode.Uri.file(file);
  const forTarget = target ? ['--target', target.id] : [];
  const args = ['check', file, '--format', 'json', ...forTarget, ...(await tokenFlags(uri)), ...ruleFlags(uri)];
  const { out, err } = await runDatasetCommand(workbench, `Checking ${path.basename(file)}`, args, folderOf(uri));
  if (out.trim() === '') throw new Failure('check', err.trim(), '');
  const [report] = (JSON.parse(out) as { readonly files: readonly CheckedReport[] }).files;
  if (!report) return;
  // A file that is open has the language server's findings already.
  const isOpen = vscode.workspace.textDocuments.some((document) => fileOf(document.uri) === file);
  const rulesPage = vscode.Uri.joinPath(workbench.context.extensionUri, 'docs', 'rules.md');
  const own = target && `target-${target.id}`;
  const shown = isOpen ? report.problems.filter(({ rule }) => rule === own) : report.problems;
  workbench.datasets.problems.set(
    uri,
    shown.map((problem) => toDiagnostic(problem, rulesPage)),
  );
  const refused = own === undefined ? 0 : (report.summary.issueCounts[own] ?? 0);
  const verdict = target && targetText(target.name, refused);
  const choice = await vscode.window.showInformationMessage(
    [checkText(path.basename(file), report), verdict].filter(Boolean).join(' '),
    'Show Problems',
    'Statistics',
  );
  if (choice === 'Show Problems') await vscode.commands.executeCommand('workbench.actions.view.problems');
  if (choice === 'Statistics') await vscode.commands.executeCommand('fine-tune.showStatistics', uri);
}

function toDiagnostic(problem: Problem, rulesPage: vscode.Uri): vscode.Diagnostic {
  const { line, column, endLine, endColumn, message, rule, severity } = problem;
  const range = new vscode.Range(line - 1, column - 1, endLine - 1, endColumn - 1);
  const diagnostic = new vscode.Diagnostic(range, message, SEVERITIES[severity]);
  diagnostic.source = DIAGNOSTIC_SOURCE;
  diagnostic.code = { value: rule, target: rulesPage };
  return diagnostic;
}
