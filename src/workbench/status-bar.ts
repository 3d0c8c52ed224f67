import * as vscode from 'vscode';
import type { Disposable, LiveRun } from './live-run';
import type { Runs } from './runs';
import { statusDetail, statusText } from './words';

/** One item: the newest run at work, and how it ended until the dashboard is opened or the next run begins. */
export function createStatusBar(runs: Runs): Disposable {
  let item: vscode.StatusBarItem | undefined;
  let shown: LiveRun | undefined;

  const show = (): void => {
    const current = runs.live.at(-1) ?? shown;
    if (!current) return;
    shown = current;
    item ??= createItem();
    const { progress } = current;
    const others = runs.live.filter((run) => run !== current).length;
    const detail = statusDetail(progress);
    item.text = statusText(progress) + (others > 0 ? ` (+${others})` : '');
    item.tooltip = `${detail}\nClick to open the dashboard`;
    item.accessibilityInformation = { label: `Fine-tune, ${detail.replaceAll('\n', ', ')}`, role: 'button' };
    const failed = progress.state === 'failed' || progress.state === 'interrupted';
    item.backgroundColor = failed ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
    item.show();
  };

  const following = runs.onLive((run) => {
    run.onChange(show);
    show();
  });
  const changes = runs.onChange(show);
  return {
    dispose: () => {
      following.dispose();
      changes.dispose();
      item?.dispose();
    },
  };
}

function createItem(): vscode.StatusBarItem {
  const item = vscode.window.createStatusBarItem('fine-tune.status', vscode.StatusBarAlignment.Left, 10);
  item.name = 'Fine-tune';
  item.command = 'fine-tune.openDashboard';
  return item;
}
