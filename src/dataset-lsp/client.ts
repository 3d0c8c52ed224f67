/** The editor's side of the dataset language server. */
import * as vscode from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import type { Preview } from '../dataset/preview';
import {
  COMPACT_RECORD,
  CONFIGURE,
  FILES_CHANGED,
  FORMAT_RECORD,
  isDataset,
  LANGUAGE_ID,
  NEXT_CUT,
  PREVIEW,
  SUMMARY_CHANGED,
  type CompactedRecord,
  type CompactParams,
  type DatasetServerOptions,
  type DatasetSummary,
  type FormattedRecord,
  type LineParams,
  type NextCut,
  type TrainingContext,
} from './protocol';

export interface DatasetClient extends vscode.Disposable {
  readonly onSummary: vscode.Event<DatasetSummary>;
  /** The record on the editor's line as the model will see it; `null` when the file is not open. */
  preview(params: LineParams): Promise<Preview | null>;
  /** The next record that the maximum length cuts; `null` when the file is not open. */
  nextCut(params: LineParams): Promise<NextCut | null>;
  formatRecord(params: LineParams): Promise<FormattedRecord | null>;
  compactRecord(params: CompactParams): Promise<CompactedRecord>;
  /** Tells the server of other settings of training. */
  useTraining(training: readonly TrainingContext[]): Promise<void>;
  /** Files beside the open ones have changed on the disk. */
  filesChanged(): Promise<void>;
}

/**
 * Starts the language server. Disposing stops it.
 * @param serverPath the bundled server; the extension's own when absent
 */
export async function startDatasetClient(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  serverPath: string = context.asAbsolutePath('dist/dataset-lsp.js'),
): Promise<DatasetClient> {
  const rulesPage = vscode.Uri.joinPath(context.extensionUri, 'docs', 'rules.md');
  const ruleLines = await headingLines(rulesPage);
  let training: readonly TrainingContext[] = [];
  const options = (): DatasetServerOptions => ({ ...readOptions(), rulesPage: rulesPage.toString(), training });
  const module = { module: serverPath, transport: TransportKind.ipc };
  const client = new LanguageClient(
    'fine-tune.dataset',
    'Fine-tune Dataset',
    { run: module, debug: { ...module, options: { execArgv: ['--nolazy', '--inspect=6009'] } } },
    {
      documentSelector: [{ language: LANGUAGE_ID }],
      outputChannel: log,
      initializationOptions: options(),
      middleware: {
        // Logs of runs are `jsonl`, too, and the server would not look at them.
        didOpen: async (document, next) => {
          if (isDataset(document.uri.toString(), document.languageId)) await next(document);
        },
        didChange: async (event, next) => {
          if (isDataset(event.document.uri.toString(), event.document.languageId)) await next(event);
        },
        handleDiagnostics: (uri, diagnostics, next) => {
          for (const { code } of diagnostics) {
            const line = typeof code === 'object' ? ruleLines.get(String(code.value)) : undefined;
            if (typeof code === 'object' && line !== undefined) code.target = rulesPage.with({ fragment: `L${line}` });
          }
          next(uri, diagnostics);
        },
        provideCodeLenses: async (document, token, next) => (await next(document, token))?.map(withUri),
      },
    },
  );
  const summaries = new vscode.EventEmitter<DatasetSummary>();
  const failed = (error: unknown): void => log.error(error instanceof Error ? error : String(error));
  const configuration = vscode.workspace.onDidChangeConfiguration((event) => {
    if (SETTINGS.some((setting) => event.affectsConfiguration(setting)))
      client.sendNotification(CONFIGURE, options()).catch(failed);
  });
  client.onNotification(SUMMARY_CHANGED, (summary: DatasetSummary) => summaries.fire(summary));
  await client.start();
  return {
    onSummary: summaries.event,
    preview: (params) => client.sendRequest<Preview | null>(PREVIEW, params),
    nextCut: (params) => client.sendRequest<NextCut | null>(NEXT_CUT, params),
    formatRecord: (params) => client.sendRequest<FormattedRecord | null>(FORMAT_RECORD, params),
    compactRecord: (params) => client.sendRequest<CompactedRecord>(COMPACT_RECORD, params),
    useTraining: async (contexts) => {
      training = contexts;
      await client.sendNotification(CONFIGURE, options());
    },
    filesChanged: () => client.sendNotification(FILES_CHANGED),
    dispose: () => {
      configuration.dispose();
      summaries.dispose();
      client.dispose().catch(failed);
    },
  };
}

const SETTINGS = ['fine-tune.rules', 'fine-tune.ruleOverrides', 'fine-tune.tokenHints'];

function readOptions(): DatasetServerOptions {
  const settings = vscode.workspace.getConfiguration('fine-tune');
  return {
    rules: settings.get('rules', {}),
    ruleOverrides: settings.get('ruleOverrides', []),
    inlayHints: settings.get('tokenHints', true),
    folders: (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.toString()),
  };
}

/** Commands of the editor take its own kind of URI. */
function withUri(lens: vscode.CodeLens): vscode.CodeLens {
  const { command } = lens;
  const [uri, ...rest] = (command?.arguments ?? []) as readonly unknown[];
  if (command && typeof uri === 'string') lens.command = { ...command, arguments: [vscode.Uri.parse(uri), ...rest] };
  return lens;
}

/** VS Code opens a page at a line, but not at a heading. A rule's part begins with its id as heading. */
async function headingLines(page: vscode.Uri): Promise<ReadonlyMap<string, number>> {
  const bytes = await vscode.workspace.fs.readFile(page).then(undefined, () => new Uint8Array());
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  return new Map(lines.flatMap((line, i) => (line.startsWith('### ') ? [[line.slice(4), i + 1]] : [])));
}
