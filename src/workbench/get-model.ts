import * as vscode from 'vscode';
import { fileSizeText } from '../common/file-size';
import { findCached } from '../hub/cache';
import { hubOf } from '../hub/environment';
import { type DownloadPlan, type FetchOptions, fetchModel, planDownload } from '../hub/fetch-model';
import { modelIdText, parseModelId } from '../hub/model-id';
import type { Workbench } from './workbench';

/**
 * Fetches a model that is named by its id and not there yet, after a question that says how large it is. Here in the
 * extension host, where requests go through the proxy and the certificates that VS Code is set to.
 * @returns false where the user does not want it
 */
export async function ensureModel({ log }: Workbench, model: string): Promise<boolean> {
  const id = parseModelId(model);
  const hub = hubOf();
  if (!id || findCached(id, hub.cache)) return true;
  const plan = await withProgress(`Looking for ${model} at ${new URL(hub.endpoint).host}`, (options) =>
    planDownload(id, { hub, ...options }),
  );
  const answer = await vscode.window.showInformationMessage(
    `Download ${model}?`,
    { modal: true, detail: planText(plan, hub.cache) },
    'Download',
  );
  if (answer === undefined) return false;
  log.info(`Downloading ${modelIdText(id)}, commit ${plan.commit}, ${plan.missingBytes} bytes`);
  const fetched = await withProgress(`Downloading ${model}`, (options) => fetchModel(plan, { hub, ...options }));
  log.info(`${modelIdText(id)} is in ${fetched.path}`);
  return true;
}

function planText({ missingBytes, licence }: DownloadPlan, cache: string): string {
  return [
    `Download: ${fileSizeText(missingBytes)}`,
    `Licence: ${licence ?? 'not named'}`,
    `Kept in: ${cache}, where Hugging Face's own tools find it too`,
  ].join('\n');
}

/** Cancel ends it with a `cancelled` Failure; what has arrived is kept. */
async function withProgress<T>(
  title: string,
  work: (options: Required<Pick<FetchOptions, 'signal' | 'onProgress'>>) => Promise<T>,
): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    let shown = 0;
    return await work({
      signal: abort.signal,
      onProgress: (done, total) => {
        const percent = Math.floor((done / Math.max(total, 1)) * 100);
        // Called for every piece that arrives.
        if (percent === shown) return;
        const message = `${percent} % of ${fileSizeText(total)}`;
        progress.report({ increment: percent - shown, message });
        shown = percent;
      },
    });
  });
}
