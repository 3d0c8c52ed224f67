/** `fine-tune install-runtime` */
import { join } from 'node:path';
import { Failure } from '../common/failure';
import { engineFolder } from '../training/devices/engine-folder';
import {
  OLDEST_DRIVER,
  RUNTIME_BYTES,
  RUNTIME_VERSION,
  runtimeFolder,
  runtimeIsInstalled,
} from '../training/devices/gpu-runtime';
import { listGpus } from '../training/devices/gpus';
import { downloadBytes, installRuntime, removeRuntime } from '../training/devices/install-runtime';
import { needlessRuntime, noProvider } from '../training/devices/needless-runtime';
import { deviceReport } from '../training/devices/survey';
import { findNode } from '../training/launcher';
import type { Command } from './command';
import { confirm } from './confirm';
import { NODE_FLAG } from './doctor';
import { deviceFinding } from './examine';
import { fileProgress } from './file-progress';
import { memoryText } from './format';
import { INTERRUPTED, type Terminal } from './terminal';

const MEGABYTES = `${Math.round(downloadBytes() / 1e6)} MB`;

export function installRuntimeCommand(trainerPath: string): Command {
  return {
    name: 'install-runtime',
    usage: '[--yes] [--anyway] [--remove]',
    summary: "Fetches what training on an NVIDIA GPU needs besides NVIDIA's driver.",
    operands: { least: 0, most: 0 },
    flags: [
      { name: 'yes', help: 'Does not ask.' },
      { name: 'anyway', help: 'Also where no NVIDIA GPU is found.' },
      { name: 'remove', help: 'Removes what was fetched.' },
      NODE_FLAG,
    ],
    notes: `${MEGABYTES} from pypi.org, checked by SHA-256: the CUDA provider of ONNX Runtime (MIT licence) and NVIDIA's CUDA
libraries (NVIDIA's licence: https://docs.nvidia.com/cuda/eula). They are kept in ${runtimeFolder()}
(${memoryText(RUNTIME_BYTES)}; XDG_CACHE_HOME moves it). An interrupted download goes on where it stopped.
Exit codes: 0 done, or nothing to do; 1 it failed; 2 it was not confirmed.`,
    run: async (input, terminal) => {
      if (input.has('remove')) return await remove(terminal);
      const needless = input.has('anyway') ? noProvider() : await needlessRuntime();
      if (needless !== undefined) {
        terminal.out(needless);
        return 0;
      }
      if (!runtimeIsInstalled()) {
        await requireConsent(input.has('yes'));
        if (!(await fetchRuntime(trainerPath, terminal))) return INTERRUPTED;
      }
      terminal.out(`The GPU runtime is in ${runtimeFolder()}. "fine-tune install-runtime --remove" removes it.`);
      terminal.out(await verdict(trainerPath, input.last('node')));
      return 0;
    },
  };
}

async function remove(terminal: Terminal): Promise<number> {
  terminal.out((await removeRuntime()) ? 'The GPU runtime was removed.' : 'The GPU runtime is not installed.');
  return 0;
}

async function requireConsent(given: boolean): Promise<void> {
  if (given) return;
  const answer = await confirm(
    `Fetch ${MEGABYTES} from pypi.org into ${runtimeFolder()} (${memoryText(RUNTIME_BYTES)})? NVIDIA's libraries come under NVIDIA's licence, https://docs.nvidia.com/cuda/eula.`,
  );
  if (answer) return;
  throw answer === undefined
    ? new Failure('not-confirmed', `${MEGABYTES} would be fetched, and nobody is here to agree.`, 'Add --yes.', 2)
    : new Failure('not-confirmed', 'Nothing was fetched.', 'Say yes, or add --yes.', 2);
}

/** @returns false where the user has stopped it */
async function fetchRuntime(trainerPath: string, terminal: Terminal): Promise<boolean> {
  const engine = engineFolder(trainerPath);
  if (engine === undefined)
    throw new Failure('engine-missing', 'onnxruntime-node is not installed.', '"fine-tune doctor" says more.', 2);
  const controller = new AbortController();
  const interrupt = (): void => controller.abort();
  const view = fileProgress(terminal);
  view.begin('GPU runtime');
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    await installRuntime({
      engineLibrary: join(engine, 'libonnxruntime.so.1'),
      signal: controller.signal,
      onProgress: (doneBytes, totalBytes) => view.show({ doneBytes, totalBytes }),
    });
    return true;
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    view.end();
    terminal.err('Stopped. What has arrived is kept; the same command goes on.\n');
    return false;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    view.end();
  }
}

/** Whether it works now, in one sentence, and what to do where it does not. */
async function verdict(trainerPath: string, node: string | undefined): Promise<string> {
  const gpus = await listGpus();
  const nodePath = await findNode(node);
  const { state, text, hint } = deviceFinding(
    await deviceReport('cuda', { nodePath, trainerPath, runtimeVersion: RUNTIME_VERSION, gpus, anew: true }),
  );
  return state === 'ok'
    ? `CUDA works: ${text}. Training takes it from now on, unless device says otherwise.`
    : `CUDA cannot be used yet: ${text}. ${hint ?? `It needs an NVIDIA GPU with driver ${OLDEST_DRIVER} or later.`}`;
}
