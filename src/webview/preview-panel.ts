import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../common/failure';
import type { Preview } from '../dataset/preview';
import { isDataset, type LineParams, type NextCut } from '../dataset-lsp/protocol';
import { previewHtml } from './html';
import { panelIcon } from './panel-icon';
import type { RecordPlace } from './preview-protocol';
import { createPreviewSession, type PreviewHost, type PreviewSession } from './preview-session';
import { RecordLines } from './record-lines';

/** Type of the panel in VS Code; it also names the panel's saved state. */
export const PREVIEW_PANEL = 'fine-tune.labelPreview';

/** What the panel asks the language server (`DatasetClient` has it). Lines are 0-based; `null` when it cannot tell. */
export interface PreviewServer {
  preview(params: LineParams): Promise<Preview | null>;
  nextCut(params: LineParams): Promise<NextCut | null>;
}

export interface PreviewPanelsOptions {
  readonly extensionUri: vscode.Uri;
  /** Starts the server when it does not run yet. */
  readonly server: () => Promise<PreviewServer>;
  /** Told of errors that the page cannot be told of. */
  readonly onError: (error: unknown) => void;
}

/** The label preview: one panel beside the editor, which follows the cursor through `jsonl` documents. */
export class PreviewPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #options: PreviewPanelsOptions;
  readonly #subscriptions: vscode.Disposable[];
  readonly #lines = new RecordLines();
  #panel: vscode.WebviewPanel | undefined;
  #session: PreviewSession | undefined;

  constructor(options: PreviewPanelsOptions) {
    this.#options = options;
    this.#subscriptions = [
      vscode.window.registerWebviewPanelSerializer(PREVIEW_PANEL, this),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => this.#follow(textEditor)),
      vscode.window.onDidChangeActiveTextEditor((editor) => editor && this.#follow(editor)),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#refreshIf(document);
      }),
      vscode.workspace.onDidCloseTextDocument((document) => this.#lines.forget(document)),
    ];
  }

  /** Shows a record; opens the panel beside the editor when there is none. @param line 1-based */
  show(uri: string, line: number): void {
    if (!this.#panel) {
      const beside = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
      this.#adopt(vscode.window.createWebviewPanel(PREVIEW_PANEL, 'What is trained', beside, this.#webviewOptions()));
    } else if (!this.#panel.visible) this.#panel.reveal(undefined, true);
    this.#session?.show(uri, line);
  }

  /** Shows the present record anew, for example when the settings or the base model have changed. */
  refresh(): void {
    this.#session?.refresh();
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, saved: unknown): Promise<void> {
    if (this.#panel) {
      panel.dispose();
      return;
    }
    this.#adopt(panel);
    const { uri, line } = savedPlace(saved);
    if (uri === undefined || line === undefined) return;
    // The server only knows documents that are open.
    await vscode.workspace.openTextDocument(vscode.Uri.parse(uri)).then(undefined, this.#options.onError);
    this.#session?.show(uri, line);
  }

  dispose(): void {
    this.#panel?.dispose();
    for (const one of this.#subscriptions) one.dispose();
  }

  #adopt(panel: vscode.WebviewPanel): void {
    const { extensionUri, onError } = this.#options;
    const { webview } = panel;
    const dist = vscode.Uri.joinPath(extensionUri, 'dist');
    const address = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, file)).toString();
    webview.options = this.#webviewOptions();
    panel.iconPath = panelIcon(extensionUri);
    const session = createPreviewSession({
      host: this.#host(),
      post: (message) => void webview.postMessage(message).then(undefined, onError),
      after: (milliseconds, run) => {
        const timer = setTimeout(run, milliseconds);
        return () => clearTimeout(timer);
      },
      onState: ({ place }) => {
        if (place) panel.title = `What is trained: line ${place.line.toLocaleString('en-US')}`;
      },
    });
    const messages = webview.onDidReceiveMessage((message: unknown) => session.receive(message));
    let { visible } = panel;
    const visibility = panel.onDidChangeViewState(() => {
      const appeared = panel.visible && !visible;
      visible = panel.visible;
      if (!appeared) return;
      // While it was hidden nothing was followed.
      session.refresh();
      if (vscode.window.activeTextEditor) this.#follow(vscode.window.activeTextEditor);
    });
    panel.onDidDispose(() => {
      messages.dispose();
      visibility.dispose();
      session.dispose();
      this.#panel = undefined;
      this.#session = undefined;
    });
    this.#panel = panel;
    this.#session = session;
    // The listener stands before the page exists, so its first request cannot be missed.
    webview.html = previewHtml({
      script: address('preview.js'),
      style: address('preview.css'),
      source: webview.cspSource,
      nonce: randomBytes(16).toString('hex'),
    });
  }

  #webviewOptions(): vscode.WebviewOptions {
    return { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(this.#options.extensionUri, 'dist')] };
  }

  #follow(editor: vscode.TextEditor): void {
    const { document, selection } = editor;
    const uri = document.uri.toString();
    // A cursor that another command moves in an editor in the background is no wish to see that record.
    if (editor !== vscode.window.activeTextEditor || !isDataset(uri, document.languageId)) return;
    if (this.#panel?.visible) this.#session?.show(uri, selection.active.line + 1);
  }

  #refreshIf(document: vscode.TextDocument): void {
    if (this.#panel?.visible && this.#session?.place?.uri === document.uri.toString()) this.#session.refresh();
  }

  #host(): PreviewHost {
    return {
      locate: (uri, line) => {
        const document = openDocument(uri);
        if (!document) return undefined;
        const { record, records } = this.#lines.count(document, line);
        return { uri, file: posix.basename(document.uri.path), line, record, records };
      },
      neighbour: (uri, line, by) => {
        const document = openDocument(uri);
        return document && this.#lines.neighbour(document, line, by);
      },
      preview: async ({ uri, line }) => {
        const server = await this.#options.server();
        const preview = await server.preview({ uri, line: line - 1 });
        if (preview) return preview;
        throw new Failure(
          'no-preview',
          'The record cannot be shown: its file is not open any more, or the checks of it have failed.',
          'Open the file again; the log of Fine-tune says what failed.',
        );
      },
      nextCut: async ({ uri, line }) => {
        const server = await this.#options.server();
        const next = await server.nextCut({ uri, line: line - 1 });
        return { line: next?.line === null || !next ? undefined : next.line + 1, uncounted: next?.uncounted ?? 0 };
      },
      reveal,
      copyText: async (text) => {
        await vscode.env.clipboard.writeText(text);
      },
    };
  }
}

function openDocument(uri: string): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri);
}

async function reveal({ uri, line }: RecordPlace, focus: boolean): Promise<void> {
  const at = new vscode.Range(line - 1, 0, line - 1, 0);
  const shown = vscode.window.visibleTextEditors.find((editor) => editor.document.uri.toString() === uri);
  if (!shown || focus) {
    // Beside the panel there may be no editor left.
    if (!shown && !focus) return;
    const viewColumn = shown?.viewColumn ?? vscode.ViewColumn.One;
    await vscode.window.showTextDocument(vscode.Uri.parse(uri), { viewColumn, selection: at });
    return;
  }
  shown.selection = new vscode.Selection(at.start, at.start);
  shown.revealRange(at, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

function savedPlace(saved: unknown): { readonly uri?: string; readonly line?: number } {
  if (typeof saved !== 'object' || saved === null) return {};
  const { uri, line } = saved as { readonly uri?: unknown; readonly line?: unknown };
  return { ...(typeof uri === 'string' ? { uri } : {}), ...(typeof line === 'number' ? { line } : {}) };
}
