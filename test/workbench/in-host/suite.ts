import * as assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';

const EXTENSION = 'fine-tune.fine-tune';

/** Each runs inside the extension host, with the API that the extension itself has. */
const tests: Readonly<Record<string, () => Promise<void>>> = {
  'every command of the manifest is registered': async () => {
    const extension = vscode.extensions.getExtension(EXTENSION);
    assert.ok(extension, `${EXTENSION} is not installed`);
    await extension.activate();
    const manifest = extension.packageJSON as { contributes: { commands: { command: string }[] } };
    const registered = await vscode.commands.getCommands(true);
    for (const { command } of manifest.contributes.commands) assert.ok(registered.includes(command), command);
  },

  'a broken record has a diagnostic on its line, which goes when it is mended': async () => {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(folder, 'the sample is not open');
    const record = '{"prompt": "What is the capital of France?", "completion": "It is Paris."}';
    const file = join(folder.uri.fsPath, 'in-host.jsonl');
    await writeFile(file, `${record}\n${record.slice(0, 30)}\n`);
    const document = await vscode.workspace.openTextDocument(file);
    await vscode.window.showTextDocument(document);
    const errors = (): vscode.Diagnostic[] =>
      vscode.languages.getDiagnostics(document.uri).filter((each) => each.severity === vscode.DiagnosticSeverity.Error);
    await until(() => errors().length === 1, 'the diagnostic comes');
    assert.equal(errors()[0]?.range.start.line, 1);
    const mend = new vscode.WorkspaceEdit();
    mend.replace(document.uri, document.lineAt(1).range, record);
    await vscode.workspace.applyEdit(mend);
    await until(() => errors().length === 0, 'the diagnostic goes');
  },
};

/** What `@vscode/test-electron` calls. Resolves with the number of tests that passed, rejects with all failures. */
export async function run(): Promise<number> {
  const failures: string[] = [];
  for (const [name, test] of Object.entries(tests)) {
    await test().catch((error: unknown) => failures.push(`${name}: ${String(error)}`));
  }
  if (failures.length > 0) throw new Error(failures.join('\n'));
  return Object.keys(tests).length;
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !condition(); waited += 50) {
    assert.ok(waited < 20_000, `20 s passed before ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
