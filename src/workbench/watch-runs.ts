import * as vscode from 'vscode';
import type { Disposable } from './live-run';
import type { Runs } from './runs';

const POLL_MS = 3000;

/**
 * Follows the runs at work now, and notices those that a terminal or another window begins or ends later. Polls while
 * the window has the focus: VS Code's file events leave out what lies in a folder that has just appeared, as run
 * folders do, and are missing on network drives.
 */
export function watchForRuns(runs: Runs, onError: (error: unknown) => void): Disposable {
  let timer: NodeJS.Timeout | undefined;
  let disposed = false;
  const poll = async (first: boolean): Promise<void> => {
    clearTimeout(timer);
    await runs.look(first ? 'found' : 'elsewhere').catch(onError);
    clearTimeout(timer);
    if (!disposed && vscode.window.state.focused) timer = setTimeout(() => void poll(false), POLL_MS);
  };
  void poll(true);
  const folders = vscode.workspace.onDidChangeWorkspaceFolders(() => void poll(true));
  const focus = vscode.window.onDidChangeWindowState(({ focused }) => {
    if (focused) void poll(false);
    else clearTimeout(timer);
  });
  return {
    dispose: () => {
      disposed = true;
      clearTimeout(timer);
      folders.dispose();
      focus.dispose();
    },
  };
}
