import {
  CodeActionKind,
  CodeLensRefreshRequest,
  TextDocumentSyncKind,
  type CodeAction,
  type CodeActionParams,
  type CodeLens,
  type CompletionItem,
  type CompletionParams,
  type Connection,
  type DocumentSymbol,
  type FoldingRange,
  type Hover,
  type HoverParams,
  type InitializeParams,
  type InlayHint,
  type InlayHintParams,
  type ServerCapabilities,
  type TextDocumentIdentifier,
} from 'vscode-languageserver/node';
import { previewRecord, type Preview } from '../dataset/preview';
import { answerer, type Answering } from './answers';
import { codeActions, fixAllEdits, workspaceEdit, type FixAllData } from './features/code-actions';
import { codeLenses, lensTitle } from './features/code-lens';
import { completionsAt } from './features/completion';
import { foldingRanges } from './features/folding';
import { compactRecord, formatRecord } from './features/format-record';
import { hoverAt } from './features/hover';
import { inlayHints } from './features/inlay-hints';
import { nextCut } from './features/next-cut';
import { symbolsOf } from './features/symbols';
import { OpenDataset } from './open-dataset';
import {
  COMPACT_RECORD,
  CONFIGURE,
  FILES_CHANGED,
  FIX_ALL,
  FORMAT_RECORD,
  isDataset,
  NEXT_CUT,
  PREVIEW,
  SUMMARY,
  SUMMARY_CHANGED,
  type CompactedRecord,
  type CompactParams,
  type DatasetServerOptions,
  type DatasetSummary,
  type FormattedRecord,
  type LineParams,
  type NextCut,
} from './protocol';
import { FileSettings } from './settings-of-file';
import type { ValidationData } from './dataset-lint';
import { loadValidation } from './validation-file';

// Between two requests to the editor to ask for lenses and hints again.
const REFRESH_MS = 500;

const CAPABILITIES: ServerCapabilities = {
  textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, FIX_ALL], resolveProvider: true },
  codeLensProvider: {},
  completionProvider: { triggerCharacters: ['"', ':', '{'] },
  documentSymbolProvider: true,
  foldingRangeProvider: true,
  hoverProvider: true,
  inlayHintProvider: true,
};

/**
 * Serves one editor: everything about its open `jsonl` documents. Files beside them are read only as far as the editor
 * names them, which it does in trusted workspaces.
 */
export function serveDatasets(connection: Connection): void {
  const datasets = new Map<string, OpenDataset>();
  const log = (message: string): void => connection.console.error(message);
  const failed = (error: unknown): void => log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  let settings = new FileSettings({}, failed);
  const refresh = refresher(connection, failed);
  const lensTitles = new Map<string, string>();

  const open = (document: ConstructorParameters<typeof OpenDataset>[0]): void => {
    const { uri } = document;
    const dataset = new OpenDataset(document, settings.of(uri), {
      publish: (version, diagnostics) => {
        connection.sendDiagnostics({ uri, version, diagnostics }).catch(failed);
      },
      summaryChanged: (summary) => {
        connection.sendNotification(SUMMARY_CHANGED, summary).catch(failed);
        const title = lensTitle(summary);
        if (lensTitles.get(uri) !== title) refresh.lenses();
        lensTitles.set(uri, title);
      },
      tokensChanged: () => refresh.hints(),
      failed,
    });
    datasets.set(uri, dataset);
    compareWithValidation(dataset);
  };
  const compareWithValidation = (dataset: OpenDataset): void => {
    const own = dataset.document.uri;
    const uri = settings.validationOf(own);
    if (uri === undefined) return dataset.useValidation(undefined);
    const asked = settings;
    const use = (data: ValidationData | undefined): void => {
      if (asked === settings && datasets.get(own) === dataset) dataset.useValidation(data && { uri, data });
    };
    loadValidation(uri, settings.of(own).format).then(use, (error: unknown) => {
      failed(error);
      // Findings about a file that is gone would name lines that nobody can look at.
      use(undefined);
    });
  };
  const close = (uri: string): void => {
    datasets.get(uri)?.close();
    if (!datasets.delete(uri)) return;
    lensTitles.delete(uri);
    connection.sendDiagnostics({ uri, diagnostics: [] }).catch(failed);
  };
  const configure = (options: DatasetServerOptions): void => {
    settings = new FileSettings(options, failed);
    for (const [uri, dataset] of datasets) {
      dataset.configure(settings.of(uri));
      compareWithValidation(dataset);
    }
    refresh.hints();
  };

  let options: DatasetServerOptions = {};
  connection.onInitialize((params) => {
    options = readOptions(params.initializationOptions);
    configure(options);
    refresh.use(params);
    return { capabilities: CAPABILITIES, serverInfo: { name: 'Fine-tune dataset language server' } };
  });
  connection.onNotification(CONFIGURE, (sent: unknown) => configure((options = readOptions(sent))));
  connection.onNotification(FILES_CHANGED, () => configure(options));
  connection.onDidOpenTextDocument(({ textDocument }) => {
    close(textDocument.uri);
    if (isDataset(textDocument.uri, textDocument.languageId)) open(textDocument);
  });
  connection.onDidChangeTextDocument(({ textDocument, contentChanges }) =>
    datasets.get(textDocument.uri)?.update(contentChanges, textDocument.version),
  );
  connection.onDidCloseTextDocument(({ textDocument }) => close(textDocument.uri));

  const answer = answerer((uri) => datasets.get(uri), log);
  const onDocument = <P extends { readonly textDocument: TextDocumentIdentifier }, R>(
    name: string,
    fallback: R,
    feature: (dataset: OpenDataset, params: P) => Answering<R>,
  ) => answer(name, (params: P) => params.textDocument.uri, fallback, feature);
  connection.onCodeAction(
    onDocument('code actions', [] as CodeAction[], (dataset, params: CodeActionParams) => codeActions(dataset, params)),
  );
  connection.onCodeActionResolve((action, token) =>
    answer(
      'fix all',
      ({ data }: CodeAction) => (data as FixAllData | undefined)?.uri ?? '',
      action,
      withAllFixes,
    )(action, token),
  );
  connection.onCodeLens(onDocument('code lenses', [] as CodeLens[], (dataset) => codeLenses(dataset.summary)));
  connection.onCompletion(
    onDocument('completion', [] as CompletionItem[], (dataset, { position }: CompletionParams) =>
      completionsAt(dataset, position),
    ),
  );
  connection.onDocumentSymbol(onDocument('symbols', [] as DocumentSymbol[], symbolsOf));
  connection.onFoldingRanges(onDocument('folding', [] as FoldingRange[], foldingRanges));
  connection.onHover(
    onDocument<HoverParams, Hover | null>('hover', null, (dataset, { position }) => hoverAt(dataset, position)),
  );
  connection.languages.inlayHint.on(
    onDocument('inlay hints', [] as InlayHint[], (dataset, { range }: InlayHintParams) =>
      settings.inlayHints ? inlayHints(dataset, range) : [],
    ),
  );
  const onLine = <R>(name: string, feature: (dataset: OpenDataset, params: LineParams) => R) =>
    answer<LineParams, R | null>(name, ({ uri }) => uri, null, feature);
  connection.onRequest(
    SUMMARY,
    onLine<DatasetSummary>('summary', (dataset) => dataset.summary),
  );
  connection.onRequest(PREVIEW, onLine<Preview | null>('preview', previewOf));
  connection.onRequest(
    NEXT_CUT,
    onLine<NextCut>('next cut', (dataset, { line }) => nextCut(dataset, line)),
  );
  connection.onRequest(FORMAT_RECORD, onLine<FormattedRecord | null>('format', formattedAt));
  connection.onRequest<CompactedRecord, void>(COMPACT_RECORD, ({ text, like }: CompactParams) =>
    compactRecord(text, like),
  );
  connection.listen();
}

function* withAllFixes(dataset: OpenDataset, action: CodeAction): Generator<void, CodeAction> {
  const edits = yield* fixAllEdits(dataset);
  return { ...action, edit: workspaceEdit(dataset.document, edits) };
}

/** What the record on the editor's line is to the model. */
function previewOf(dataset: OpenDataset, { line }: LineParams): Preview | null {
  const { document, checker, encode, estimate, model } = dataset;
  if (!encode) return null;
  const row = document.rows[document.locate({ line, character: 0 }).index]!;
  const options = { format: checker.format, encode, estimate, ...(model === undefined ? {} : { model }) };
  return previewRecord(row.source, row.index + 1, options);
}

function formattedAt({ document }: OpenDataset, { line }: LineParams): FormattedRecord {
  const { source } = document.rows[document.locate({ line, character: 0 }).index]!;
  return { version: document.version, text: formatRecord(source), source };
}

/** Asks the editor to ask for lenses and hints again, at most twice a second. */
function refresher(connection: Connection, failed: (error: unknown) => void) {
  let can = { lenses: false, hints: false };
  const wanted = new Set<keyof typeof can>();
  let timer: NodeJS.Timeout | undefined;
  const ask = (what: keyof typeof can): void => {
    if (!can[what]) return;
    wanted.add(what);
    timer ??= setTimeout(() => {
      timer = undefined;
      if (wanted.delete('lenses')) connection.sendRequest(CodeLensRefreshRequest.type).catch(failed);
      if (wanted.delete('hints')) connection.languages.inlayHint.refresh().catch(failed);
    }, REFRESH_MS);
  };
  return {
    use: ({ capabilities: { workspace } }: InitializeParams): void => {
      can = {
        lenses: workspace?.codeLens?.refreshSupport === true,
        hints: workspace?.inlayHint?.refreshSupport === true,
      };
    },
    lenses: () => ask('lenses'),
    hints: () => ask('hints'),
  };
}

/** What the editor sent; settings are whatever a user wrote, so the parts are looked at where they are used. */
function readOptions(sent: unknown): DatasetServerOptions {
  return typeof sent === 'object' && sent !== null ? sent : {};
}
