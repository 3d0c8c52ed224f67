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
    const record = '{"prompt": "What is the capital of France?", "completion": "It is Paris."}';
    const document = await openData('in-host.jsonl', `${record}\n${record.slice(0, 30)}\n`);
    const errors = (): vscode.Diagnostic[] =>
      vscode.languages.getDiagnostics(document.uri).filter((each) => each.severity === vscode.DiagnosticSeverity.Error);
    await until(() => errors().length === 1, 'the diagnostic comes');
    assert.equal(errors()[0]?.range.start.line, 1);
    const mend = new vscode.WorkspaceEdit();
    mend.replace(document.uri, document.lineAt(1).range, record);
    await vscode.workspace.applyEdit(mend);
    await until(() => errors().length === 0, 'the diagnostic goes');
  },

  'findings have a rule with its page, other places and ways out': async () => {
    const lines = [chat('assistent', 'What is the capital of France?', 'Paris.'), ...CHATS, CHATS[0]!];
    const { uri } = await openData('in-host-findings.jsonl', `${lines.join('\n')}\n`);
    const of = (rule: string): vscode.Diagnostic | undefined =>
      vscode.languages.getDiagnostics(uri).find(({ code }) => typeof code === 'object' && code.value === rule);
    await until(() => of('unknown-role') !== undefined && of('duplicate-example') !== undefined, 'both findings come');
    const misspelt = of('unknown-role')!;
    const start = lines[0]!.indexOf('"assistent"');
    assert.ok(misspelt.range.isEqual(new vscode.Range(0, start, 0, start + '"assistent"'.length)));
    const target = typeof misspelt.code === 'object' ? misspelt.code.target : undefined;
    assert.match(target?.path ?? '', /\/docs\/rules\.md$/);
    const page = await vscode.workspace.openTextDocument(target!.with({ fragment: '' }));
    assert.equal(page.lineAt(Number(target!.fragment.slice(1)) - 1).text, '### unknown-role');
    assert.deepEqual(
      of('duplicate-example')!.relatedInformation?.map(({ location }) => location.range.start.line),
      [1],
    );
    const actions = await ask<vscode.CodeAction[]>('CodeAction', uri, misspelt.range);
    const fix = actions.find(({ title }) => title === 'Write "assistant"');
    assert.ok(fix?.edit, actions.map(({ title }) => title).join());
    await vscode.workspace.applyEdit(fix.edit);
    await until(() => of('unknown-role') === undefined, 'the finding goes');
  },

  'a record is explained, outlined, folded and completed': async () => {
    const document = await openData('in-host-features.jsonl', `${CHATS.join('\n')}\n`);
    const { uri } = document;
    const lenses = async (): Promise<string[]> =>
      (await ask<vscode.CodeLens[]>('CodeLens', uri)).map(({ command }) => command?.title ?? '');
    await until(async () => /4 examples .* tokens/.test((await lenses())[0] ?? ''), 'the tokens are counted');
    assert.deepEqual((await lenses()).slice(1), ['Train', 'Preview']);
    const content = CHATS[1]!.indexOf('Italy');
    const hovers = await ask<vscode.Hover[]>('Hover', uri, new vscode.Position(1, content));
    const texts = hovers.flatMap(({ contents }) => contents).map((each) => (each as vscode.MarkdownString).value);
    assert.match(texts.join('\n'), /Record 2 of 4\W+chat[^]*\d+ tokens, \d+ of them trained/);
    const symbols = await ask<vscode.DocumentSymbol[]>('DocumentSymbol', uri);
    assert.deepEqual(symbols.map(({ name }) => name)[1], 'What is the capital of Italy?');
    assert.equal(symbols[1]?.children.length, 2);
    const folds = await ask<vscode.FoldingRange[]>('FoldingRange', uri);
    assert.ok(folds.every(({ start, end }) => start < end && end < document.lineCount));
    const hints = await ask<vscode.InlayHint[]>('InlayHint', uri, new vscode.Range(0, 0, 4, 0));
    assert.equal(hints.length, 4);
    const role = new vscode.Position(0, CHATS[0]!.indexOf('"user"') + 1);
    const { items } = await ask<vscode.CompletionList>('CompletionItem', uri, role);
    const labels = items.map(({ label }) => label);
    for (const wanted of ['system', 'user', 'assistant']) assert.ok(labels.includes(wanted), labels.join());
  },
};

const CHATS = ['France', 'Italy', 'Spain', 'Portugal'].map((country, i) =>
  chat('assistant', `What is the capital of ${country}?`, `${['Paris', 'Rome', 'Madrid', 'Lisbon'][i]}.`),
);

function chat(role: string, question: string, answer: string): string {
  const messages = [
    { role: 'user', content: question },
    { role, content: answer },
  ];
  return JSON.stringify({ messages });
}

async function openData(name: string, text: string): Promise<vscode.TextDocument> {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(folder, 'the sample is not open');
  const file = join(folder.uri.fsPath, name);
  await writeFile(file, text);
  const document = await vscode.workspace.openTextDocument(file);
  await vscode.window.showTextDocument(document);
  return document;
}

/** What VS Code gets from all providers of a kind. */
async function ask<R>(kind: string, ...args: readonly unknown[]): Promise<R> {
  return await vscode.commands.executeCommand<R>(`vscode.execute${kind}Provider`, ...args);
}

/** What `@vscode/test-electron` calls. Resolves with the number of tests that passed, rejects with all failures. */
export async function run(): Promise<number> {
  const failures: string[] = [];
  for (const [name, test] of Object.entries(tests)) {
    await test().catch((error: unknown) => failures.push(`${name}: ${String(error)}`));
  }
  if (failures.length > 0) throw new Error(failures.join('\n'));
  return Object.keys(tests).length;
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let waited = 0; !(await condition()); waited += 50) {
    assert.ok(waited < 20_000, `20 s passed before ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
