import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { dashboardHtml } from './html';
import { createSession, type DashboardHost } from './session';

export type { DashboardHost } from './session';

/** Id of the view in package.json. */
export const DASHBOARD_VIEW = 'fine-tune.dashboard';

/** The side-panel dashboard. Register it with `vscode.window.registerWebviewViewProvider(DASHBOARD_VIEW, provider)`. */
export class DashboardViewProvider implements vscode.WebviewViewProvider {
  readonly #extensionUri: vscode.Uri;
  readonly #host: DashboardHost;
  readonly #onError: (error: unknown) => void;

  /** `onError` is told of errors that the page cannot be told of; write them to the log. */
  constructor(extensionUri: vscode.Uri, host: DashboardHost, onError: (error: unknown) => void) {
    this.#extensionUri = extensionUri;
    this.#host = host;
    this.#onError = onError;
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    const { webview } = view;
    const dist = vscode.Uri.joinPath(this.#extensionUri, 'dist');
    const address = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, file)).toString();
    webview.options = { enableScripts: true, localResourceRoots: [dist] };
    const session = createSession({
      host: this.#host,
      post: (message) => void webview.postMessage(message).then(undefined, this.#onError),
      after: (milliseconds, run) => {
        const timer = setTimeout(run, milliseconds);
        return () => clearTimeout(timer);
      },
      onError: this.#onError,
    });
    const messages = webview.onDidReceiveMessage((message: unknown) => session.receive(message));
    view.onDidDispose(() => {
      messages.dispose();
      session.dispose();
    });
    // The listener stands before the page exists, so its first request cannot be missed.
    webview.html = dashboardHtml({
      script: address('dashboard.js'),
      style: address('dashboard.css'),
      source: webview.cspSource,
      nonce: randomBytes(16).toString('hex'),
    });
  }
}
