import * as vscode from 'vscode';
import type { DatasetClient, startDatasetClient } from '../dataset-lsp/client';
import { isDataset } from '../dataset-lsp/protocol';
import { PreviewPanels } from '../webview/preview-panel';
import { createDatasetStatus } from './dataset-status';
import { RecordDocuments } from './record-documents';
import { trainingContexts, watchFiles, watchTrainingFiles } from './training-contexts';

export interface Datasets extends vscode.Disposable {
  readonly previews: PreviewPanels;
  readonly records: RecordDocuments;
  /** Findings of files that were checked from the disk. */
  readonly problems: vscode.DiagnosticCollection;
}

/**
 * The checks of training data in the editor.
 * @param loadClient the language client, which is large; called with the first `jsonl` document
 */
export function createDatasets(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  loadClient: () => Promise<{ readonly startDatasetClient: typeof startDatasetClient }>,
  onError: (error: unknown) => void,
): Datasets {
  const started: vscode.Disposable[] = [];
  let client: Promise<DatasetClient> | undefined;
  const start = async (): Promise<DatasetClient> => {
    const loaded = await loadClient();
    const running = await loaded.startDatasetClient(context, log);
    const filesChanged = (): void => void running.filesChanged().catch(onError);
    let validation: vscode.Disposable | undefined;
    const useTraining = async (): Promise<void> => {
      const contexts = await trainingContexts();
      validation?.dispose();
      validation = watchFiles(
        contexts.flatMap(({ validationFile }) => validationFile ?? []),
        filesChanged,
      );
      await running.useTraining(contexts);
      previews.refresh();
    };
    started.push(
      running,
      createDatasetStatus(running.onSummary),
      watchTrainingFiles(() => void useTraining().catch(onError), filesChanged),
      { dispose: () => validation?.dispose() },
    );
    await useTraining();
    return running;
  };
  const get = (): Promise<DatasetClient> => {
    client ??= start().catch((error: unknown) => {
      // The next document may have more luck.
      client = undefined;
      throw error;
    });
    return client;
  };
  const previews = new PreviewPanels({
    extensionUri: context.extensionUri,
    server: get,
    onError,
  });
  const records = new RecordDocuments(get);
  const problems = vscode.languages.createDiagnosticCollection('fine-tune.files');
  const consider = (document: vscode.TextDocument): void => {
    const uri = document.uri.toString();
    if (!isDataset(uri, document.languageId)) return;
    // What was found on the disk would stand beside what the language server finds.
    problems.delete(document.uri);
    get().catch(onError);
  };
  vscode.workspace.textDocuments.forEach(consider);
  const own = [previews, records.register(), problems, vscode.workspace.onDidOpenTextDocument(consider)];
  return {
    previews,
    records,
    problems,
    dispose: () => {
      for (const one of [...own, ...started]) one.dispose();
    },
  };
}
