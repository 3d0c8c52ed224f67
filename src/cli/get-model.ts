/** Models of the hub on the terminal: asked for, fetched with progress, stopped by Ctrl-C. */
import { Failure } from '../common/failure';
import { fileSizeText } from '../common/file-size';
import { type CachedModel, findCached } from '../hub/cache';
import { type Hub, hubOf } from '../hub/environment';
import { type DownloadPlan, fetchModel, planDownload } from '../hub/fetch-model';
import { type ModelId, modelIdText, parseModelId } from '../hub/model-id';
import { confirm } from './confirm';
import { fileProgress } from './file-progress';
import type { Terminal } from './terminal';

/**
 * Fetches what a setting `model` names by its id and the cache lacks; `agreed` says that nobody need be asked.
 * @returns false where the user has stopped it
 * @throws Failure `model-not-downloaded` (exit code 2) with the size where nobody agrees, and those of a download
 */
export async function ensureModel(model: string, agreed: boolean, terminal: Terminal): Promise<boolean> {
  const id = parseModelId(model);
  const hub = hubOf();
  if (!id || findCached(id, hub.cache)) return true;
  const plan = await planOf(id, hub);
  if (!agreed) await requireConsent(plan, hub);
  return (await fetchPlanned(plan, hub, terminal)) !== undefined;
}

/** `undefined`: the user has stopped it; what has arrived is kept. */
export async function fetchPlanned(plan: DownloadPlan, hub: Hub, terminal: Terminal): Promise<CachedModel | undefined> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const view = fileProgress(terminal);
  view.begin(modelIdText(plan.model));
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await fetchModel(plan, {
      hub,
      signal: controller.signal,
      onProgress: (doneBytes, totalBytes) => view.show({ doneBytes, totalBytes }),
    });
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    view.end();
    terminal.err('Stopped. What has arrived is kept; the same command goes on.\n');
    return undefined;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    view.end();
  }
}

/** `org/name, 270 MB, licence apache-2.0` */
export function planText({ model, missingBytes, licence }: DownloadPlan): string {
  const terms = licence === undefined ? '' : `, licence ${licence}`;
  return `${modelIdText(model)}, ${fileSizeText(missingBytes)}${terms}`;
}

async function planOf(id: ModelId, hub: Hub): Promise<DownloadPlan> {
  try {
    return await planDownload(id, { hub });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'offline' || hub.offline) throw error;
    const message = `${modelIdText(id)} is not in the cache ${hub.cache}, and ${error.message}`;
    throw new Failure(error.code, message, error.hint, 2);
  }
}

async function requireConsent(plan: DownloadPlan, hub: Hub): Promise<void> {
  const { host } = new URL(hub.endpoint);
  const answer = await confirm(`Fetch ${planText(plan)}, from ${host} into ${hub.cache}?`);
  if (answer) return;
  const name = modelIdText(plan.model);
  throw new Failure(
    'model-not-downloaded',
    `The model ${name} is not on this machine; ${fileSizeText(plan.missingBytes)} would have to be fetched from ${host}.`,
    `Add --download, or fetch it with "fine-tune download ${name}".`,
    2,
  );
}
