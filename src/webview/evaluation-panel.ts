import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { createEvaluationSession, type EvaluationSessionOptions, type EvaluationSource } from './evaluation-session';
import { evaluationHtml } from './html';
import { panelIcon } from './panel-icon';

export interface EvaluationPanelOptions extends Pick<EvaluationSessionOptions, 'source' | 'act'> {
  readonly extensionUri: vscode.Uri;
  /** The same page is shown again for the same key. */
  readonly key: string;
  /** Told of errors that the page cannot be told of. */
  readonly onError: (error: unknown) => void;
  /** The user has closed the page. */
  readonly onClose: () => void;
}

interface OpenPanel {
  readonly panel: vscode.WebviewPanel;
  source: EvaluationSource;
  readonly read: () => void;
}

const open = new Map<string, OpenPanel>();

/** Opens the page of an evaluation, or shows the one that is open and reads it again. */
export function showEvaluation({ extensionUri, key, source, act, onError, onClose }: EvaluationPanelOptions): void {
  const known = open.get(key);
  if (known) {
    known.source = source;
    known.panel.reveal();
    known.read();
    return;
  }
  const dist = vscode.Uri.joinPath(extensionUri, 'dist');
  const panel = vscode.window.createWebviewPanel(
    'fine-tune.evaluation',
    `Evaluation: ${source.name}`,
    vscode.ViewColumn.Active,
    { enableScripts: true, localResourceRoots: [dist] },
  );
  panel.iconPath = panelIcon(extensionUri);
  const { webview } = panel;
  const session = createEvaluationSession({
    source: { name: source.name, report: (...given) => (open.get(key)?.source ?? source).report(...given) },
    act,
    post: (message) => void webview.postMessage(message).then(undefined, onError),
    after: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
  });
  const messages = webview.onDidReceiveMessage((message: unknown) => session.receive(message));
  open.set(key, { panel, source, read: () => session.read() });
  panel.onDidDispose(() => {
    open.delete(key);
    messages.dispose();
    session.dispose();
    onClose();
  });
  const address = (part: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, part)).toString();
  webview.html = evaluationHtml({
    script: address('evaluation.js'),
    style: address('evaluation.css'),
    source: webview.cspSource,
    nonce: randomBytes(16).toString('hex'),
  });
  session.read();
}
