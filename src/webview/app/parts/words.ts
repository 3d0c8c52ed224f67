import type { PhaseName, StartedEvent } from '../../../training/protocol';
import type { RunState } from '../../protocol';

/** Icon, colour class and word of a state; the word says what the icon and its colour say. */
export const STATES: Readonly<
  Record<RunState | 'starting' | 'pausing' | 'stopping', { icon: string; color: string; word: string }>
> = {
  starting: { icon: 'loading', color: 'accent', word: 'Starting' },
  running: { icon: 'record', color: 'accent', word: 'Training' },
  pausing: { icon: 'loading', color: 'accent', word: 'Pausing' },
  paused: { icon: 'debug-pause', color: 'warn', word: 'Paused' },
  stopping: { icon: 'loading', color: 'accent', word: 'Stopping' },
  completed: { icon: 'pass', color: 'ok', word: 'Completed' },
  stopped: { icon: 'debug-stop', color: '', word: 'Stopped' },
  failed: { icon: 'error', color: 'bad', word: 'Failed' },
  interrupted: { icon: 'debug-disconnect', color: 'warn', word: 'Interrupted' },
};

/** The phase as a finished one is named, and as it is named while it lasts. */
export const PHASES: Readonly<Record<PhaseName, { done: string; now: string }>> = {
  load: { done: 'Load', now: 'Loading the base model' },
  tokenize: { done: 'Tokenize', now: 'Tokenizing the data' },
  device: { done: 'Devices', now: 'Trying the devices' },
  compile: { done: 'Compile', now: 'Compiling the graph' },
  reference: { done: 'Reference', now: 'Computing the reference log-probabilities' },
  train: { done: 'Train', now: 'Training' },
  evaluate: { done: 'Evaluate', now: 'Evaluating' },
  save: { done: 'Save', now: 'Saving a checkpoint' },
  export: { done: 'Export', now: 'Writing the adapter' },
};

const DEVICES: Readonly<Record<string, string>> = { cpu: 'CPU', webgpu: 'WebGPU', cuda: 'CUDA', dml: 'DirectML' };

export function deviceName({ device }: StartedEvent): string {
  return DEVICES[device] ?? device;
}

/** `SmolLM2-135M-Instruct · LoRA r 8 · CPU`. */
export function describeRun(started: StartedEvent): string {
  const { model, method, r, objective } = started.settings;
  const parts: string[] = [];
  if (typeof model === 'string') parts.push(baseName(model));
  if (method === 'full') parts.push('all weights');
  else if (typeof method === 'string')
    parts.push(`${METHODS[method] ?? method}${typeof r === 'number' ? ` r ${r}` : ''}`);
  if (objective === 'dpo') parts.push('DPO');
  parts.push(deviceName(started));
  return parts.join(' · ');
}

const METHODS: Readonly<Record<string, string>> = { lora: 'LoRA', qlora: 'QLoRA' };

/** Last part of a path of any system. */
export function baseName(path: string): string {
  return (
    path
      .split(/[\\/]/)
      .filter((part) => part !== '')
      .at(-1) ?? path
  );
}
