import { existsSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { dateText } from '../../cli/format';
import { findNode } from '../../training/launcher';
import { isLive, type RunSummary } from '../../training/run-folder';
import { showChat } from '../../webview/chat-panel';
import { startChatProcess } from '../chat-process';
import { type Choice, ask, browse, fileChoice, listFolder, separator } from '../choices';
import { findModels } from '../discovery';
import { saveAnswer } from '../save-answer';
import { mayUseModels } from '../trust';
import type { Workbench } from '../workbench';

/** Opens a chat with a model. `given` names a run folder, an adapter folder or a model; without it one is chosen. */
export async function chat(workbench: Workbench, given?: unknown): Promise<void> {
  if (!(await mayUseModels('the chat does not start'))) return;
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri.fsPath;
  const named = given instanceof vscode.Uri ? given.fsPath : typeof given === 'string' ? given : undefined;
  const model = named ?? (await pick(workbench, folder ?? ''));
  if (model === undefined) return;
  const setting = vscode.workspace.getConfiguration('fine-tune').get<string>('nodePath', '').trim();
  const nodePath = await findNode(setting === '' ? undefined : setting);
  const cliPath = workbench.context.asAbsolutePath(path.join('dist', 'cli.js'));
  const cwd = folder ?? path.dirname(model);
  showChat({
    extensionUri: workbench.context.extensionUri,
    key: model,
    name: path.basename(model),
    start: (onEvent, onEnd) => startChatProcess({ ...{ nodePath, cliPath, cwd, onEvent, onEnd }, path: model }),
    save: (answer) => saveAnswer(answer, cwd),
    onError: (error) => workbench.log.error(error instanceof Error ? error : String(error)),
  });
}

async function pick({ runs }: Workbench, folder: string): Promise<string | undefined> {
  const choices = async (): Promise<Choice<string>[]> => {
    const tuned = (await runs.list()).filter((run) => !isLive(run) && hasResult(run));
    const models = folder === '' ? [] : await findModels(folder, { list: listFolder });
    return [
      ...(tuned.length > 0 ? [separator('runs')] : []),
      ...tuned.map((run) => ({
        label: run.name,
        description: `${run.state}, ${dateText(run.created)}`,
        detail: vscode.workspace.asRelativePath(run.path),
        take: () => Promise.resolve(run.path),
      })),
      ...(models.length > 0 ? [separator('models')] : []),
      ...models.map(({ path: file, kind }) =>
        fileChoice(file, folder, kind === 'gguf' ? 'GGUF' : 'Hugging Face folder'),
      ),
      separator(),
      {
        label: '$(folder-opened) Browse for a folder…',
        description: 'a run, an adapter, or a model',
        take: () => browse(folder, 'Chat with This Model', undefined),
      },
      { label: '$(file) Browse for a GGUF file…', take: () => browse(folder, 'Chat with This Model', 'gguf') },
    ];
  };
  return await ask(choices(), 'Chat with Model', 'A tuned model answers beside its base');
}

function hasResult({ path: folder }: RunSummary): boolean {
  return ['adapter', 'model'].some((result) => existsSync(path.join(folder, result)));
}
