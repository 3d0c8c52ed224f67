import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { DatasetReport } from '../dataset/report';
import { statisticsHtml } from './html';
import { panelIcon } from './panel-icon';
import { createRpc } from './rpc';
import type {
  StatisticsAction,
  StatisticsHostNotices,
  StatisticsPageRequests,
  StatisticsState,
} from './statistics-protocol';

type None = Readonly<Record<never, never>>;

/** What the page needs of the workbench. */
export interface StatisticsHost {
  /** Reads the file. Throws what the page shall show. */
  read(
    file: vscode.Uri,
    signal: AbortSignal,
    onProgress: (doneBytes: number, totalBytes: number) => void,
  ): Promise<DatasetReport>;
  act(file: vscode.Uri, action: Exclude<StatisticsAction, { readonly type: 'refresh' | 'cancel' }>): Promise<void>;
  /** Told of errors that the page cannot be told of. */
  onError(error: unknown): void;
}

const open = new Map<string, { readonly panel: vscode.WebviewPanel; readonly read: () => void }>();

/** Opens the page of a file, or shows the one that is open and reads the file again. */
export function showStatistics(extensionUri: vscode.Uri, file: vscode.Uri, host: StatisticsHost): vscode.Disposable {
  const known = open.get(file.toString());
  if (known) {
    known.panel.reveal();
    known.read();
    return known.panel;
  }
  const name = basename(file.path);
  const dist = vscode.Uri.joinPath(extensionUri, 'dist');
  const panel = vscode.window.createWebviewPanel(
    'fine-tune.statistics',
    `${name}: statistics`,
    vscode.ViewColumn.Active,
    {
      enableScripts: true,
      localResourceRoots: [dist],
    },
  );
  panel.iconPath = panelIcon(extensionUri);
  let state: StatisticsState = { kind: 'working', name, doneBytes: 0, totalBytes: 0 };
  let work: AbortController | undefined;

  const rpc = createRpc<None, StatisticsHostNotices, StatisticsPageRequests, None>({
    post: (message) => void panel.webview.postMessage(message).then(undefined, (error: unknown) => host.onError(error)),
    after: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    timeoutMs: 20_000,
    notices: {},
    requests: {
      ready: () => state,
      act: async (action) => {
        if (action.type === 'refresh') read();
        else if (action.type === 'cancel') work?.abort();
        else await host.act(file, action);
        return null;
      },
    },
  });
  const tell = (next: StatisticsState): void => {
    state = next;
    rpc.notify('state', state);
  };
  const read = (): void => {
    work?.abort();
    const own = new AbortController();
    work = own;
    tell({ kind: 'working', name, doneBytes: 0, totalBytes: 0 });
    host
      .read(file, own.signal, (doneBytes, totalBytes) => {
        if (work === own) tell({ kind: 'working', name, doneBytes, totalBytes });
      })
      .then(
        (report) => {
          if (work === own) tell({ kind: 'report', report });
        },
        (error: unknown) => {
          if (work === own) tell({ kind: 'failed', name, ...words(error) });
        },
      );
  };
  const messages = panel.webview.onDidReceiveMessage((message: unknown) => rpc.receive(message));
  open.set(file.toString(), { panel, read });
  panel.onDidDispose(() => {
    open.delete(file.toString());
    messages.dispose();
    work?.abort();
    rpc.close();
  });
  const address = (part: string): string => panel.webview.asWebviewUri(vscode.Uri.joinPath(dist, part)).toString();
  panel.webview.html = statisticsHtml({
    script: address('statistics.js'),
    style: address('statistics.css'),
    source: panel.webview.cspSource,
    nonce: randomBytes(16).toString('hex'),
  });
  read();
  return panel;
}

function words(error: unknown): { readonly message: string; readonly hint: string } {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : '';
  return { message, hint };
}
