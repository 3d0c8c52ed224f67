import * as vscode from 'vscode';

/** The icon of a panel's tab. Tabs show the image as it is, so there is one for each kind of theme. */
export function panelIcon(extensionUri: vscode.Uri): { readonly light: vscode.Uri; readonly dark: vscode.Uri } {
  const icon = (kind: string): vscode.Uri =>
    vscode.Uri.joinPath(extensionUri, 'media', 'icons', `fine-tune-${kind}.svg`);
  return { light: icon('light'), dark: icon('dark') };
}
