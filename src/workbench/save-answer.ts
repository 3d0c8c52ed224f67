import * as path from 'node:path';
import * as vscode from 'vscode';
import { appendRecord } from '../chat/append-record';
import { type GoodAnswer, recordLine, recordStyleOf } from '../chat/record';
import { type Choice, ask, fileChoice, separator } from './choices';
import { fileOf } from './data-files';
import { byLikelihood, unique } from './discovery';

const IGNORED = '**/{node_modules,.finetune,.git}/**';
/** The format of a document shows in its beginning. */
const HEAD_LENGTH = 1 << 20;
let lastFile: string | undefined;

/**
 * Adds a good answer to a data file that the user chooses; a file that is open is edited in its editor, where it can be
 * undone. @returns what to say about it; nothing where the user has given up
 */
export async function saveAnswer(answer: GoodAnswer, folder: string): Promise<string> {
  const file = await chooseFile(folder);
  if (file === undefined) return '';
  const document = vscode.workspace.textDocuments.find((one) => fileOf(one.uri) === file && !one.isClosed);
  const line = document ? await appendToDocument(document, answer) : await appendRecord(file, answer);
  lastFile = file;
  const unsaved = document?.isDirty ? ', which is not saved yet' : '';
  return `Added to ${path.basename(file)} as line ${line.toLocaleString('en-US')}${unsaved}.`;
}

async function chooseFile(folder: string): Promise<string | undefined> {
  const choices = async (): Promise<Choice<string>[]> => {
    const found = await vscode.workspace.findFiles('**/*.jsonl', IGNORED, 500);
    const files = unique(
      [...(lastFile === undefined ? [] : [lastFile]), ...byLikelihood(found.flatMap(pathsOf))],
      (one) => one,
    );
    return [
      ...files.map((file) => fileChoice(file, folder, file === lastFile ? 'used last' : undefined)),
      separator(),
      { label: '$(new-file) New file…', description: 'one conversation a line', take: () => newFile(folder) },
    ];
  };
  return await ask(choices(), 'Add to dataset', 'The file that the answer is added to, as a record of its own format');
}

function pathsOf(uri: vscode.Uri): string[] {
  const file = fileOf(uri);
  return file === undefined || path.basename(file) === 'events.jsonl' ? [] : [file];
}

async function newFile(folder: string): Promise<string | undefined> {
  const uri = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(path.join(folder, 'chats.jsonl')),
    filters: { JSONL: ['jsonl'] },
    saveLabel: 'Add',
  });
  return fileOf(uri);
}

/** @returns 1-based line of the new record */
async function appendToDocument(document: vscode.TextDocument, answer: GoodAnswer): Promise<number> {
  const text = document.getText(new vscode.Range(new vscode.Position(0, 0), document.positionAt(HEAD_LENGTH)));
  const record = recordLine(answer, recordStyleOf(text));
  const wasDirty = document.isDirty;
  const end = document.lineAt(document.lineCount - 1).range.end;
  const edit = new vscode.WorkspaceEdit();
  edit.insert(document.uri, end, `${end.character > 0 ? '\n' : ''}${record}\n`);
  if (!(await vscode.workspace.applyEdit(edit))) throw new Error(`${document.fileName} could not be edited.`);
  // What was saved before stays saved: training reads the disk.
  if (!wasDirty) await document.save();
  return end.line + (end.character > 0 ? 2 : 1);
}
