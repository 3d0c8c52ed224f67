import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { type ChatSessionOptions, createChatPageSession } from './chat-session';
import { chatHtml } from './html';
import { panelIcon } from './panel-icon';

export interface ChatPanelOptions extends Pick<ChatSessionOptions, 'name' | 'start' | 'save'> {
  readonly extensionUri: vscode.Uri;
  /** The same chat is shown again for the same key. */
  readonly key: string;
  /** Told of errors that the page cannot be told of. */
  readonly onError: (error: unknown) => void;
}

const open = new Map<string, vscode.WebviewPanel>();

/** Opens a chat, or shows the one that is open. Closing the tab ends its models. */
export function showChat({ extensionUri, key, name, start, save, onError }: ChatPanelOptions): void {
  const known = open.get(key);
  if (known) return known.reveal();
  const dist = vscode.Uri.joinPath(extensionUri, 'dist');
  const panel = vscode.window.createWebviewPanel('fine-tune.chat', `Chat: ${name}`, vscode.ViewColumn.Active, {
    enableScripts: true,
    localResourceRoots: [dist],
  });
  panel.iconPath = panelIcon(extensionUri);
  const { webview } = panel;
  const session = createChatPageSession({
    ...{ name, start, save },
    copyText: async (text) => {
      await vscode.env.clipboard.writeText(text);
    },
    post: (message) => void webview.postMessage(message).then(undefined, onError),
    after: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
  });
  const messages = webview.onDidReceiveMessage((message: unknown) => session.receive(message));
  open.set(key, panel);
  panel.onDidDispose(() => {
    open.delete(key);
    messages.dispose();
    session.dispose();
  });
  const address = (part: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, part)).toString();
  webview.html = chatHtml({
    script: address('chat.js'),
    style: address('chat.css'),
    source: webview.cspSource,
    nonce: randomBytes(16).toString('hex'),
  });
}
