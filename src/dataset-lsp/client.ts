/** The editor's side of the dataset language server. */
import * as vscode from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import { CONFIGURE, LANGUAGE_ID, type DatasetServerOptions } from './protocol';

/**
 * Starts the language server. Disposing stops it.
 * @param serverPath the bundled server; the extension's own when absent
 */
export async function startDatasetClient(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  serverPath: string = context.asAbsolutePath('dist/dataset-lsp.js'),
): Promise<vscode.Disposable> {
  const module = { module: serverPath, transport: TransportKind.ipc };
  const client = new LanguageClient(
    'fine-tune.dataset',
    'Fine-tune Dataset',
    { run: module, debug: { ...module, options: { execArgv: ['--nolazy', '--inspect=6009'] } } },
    {
      documentSelector: [{ language: LANGUAGE_ID }],
      outputChannel: log,
      initializationOptions: readOptions(),
    },
  );
  const configuration = vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration('fine-tune.rules'))
      client.sendNotification(CONFIGURE, readOptions()).catch((error: unknown) => log.error(String(error)));
  });
  await client.start();
  return new vscode.Disposable(() => {
    configuration.dispose();
    client.dispose().catch((error: unknown) => log.error(String(error)));
  });
}

function readOptions(): DatasetServerOptions {
  const severities = vscode.workspace
    .getConfiguration('fine-tune')
    .get<DatasetServerOptions['severities']>('rules', {});
  return { severities };
}
