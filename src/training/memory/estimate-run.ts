/** The estimate for settings before anything is started. */
import { existsSync } from 'node:fs';
import { checkBase } from '../base';
import { physicalCores } from '../cores';
import { loadData } from '../data';
import type { Settings } from '../settings';
import { resolveDefaults } from '../settings';
import { openBaseModel } from '../weights/base-model';
import { findBatchSize } from './batch-size';
import { chooseMemory, dataSizes } from './choose-memory';
import { type MemoryEstimate, totalBytes } from './estimate';
import { type Fit, fitInto, machineMemory } from './fit';

export interface RunEstimate extends Fit {
  readonly items: MemoryEstimate;
  readonly memory: 'fast' | 'low';
  readonly device: string;
  readonly batchSize: number;
  /** Tokens of the longest row; that of max_length where there is no data. */
  readonly rowTokens: number;
  readonly rowLabels: number;
  /** What gets an adapter, where one is trained. */
  readonly targetModules: readonly string[];
}

/**
 * Reads the shapes of the model, and tokenises the data where there is some; without it every row counts as full.
 * @throws Failure as a run would, for a model or data that cannot be used
 */
export function estimateRun(settings: Settings & { readonly model: string }): RunEstimate {
  const base = openBaseModel(settings.model);
  const checked = checkBase(base, settings);
  // Which GPU auto takes shows only when it is tried; the processor is what every machine has.
  const device = settings.device === 'auto' ? 'cpu' : settings.device;
  const resolved = {
    ...resolveDefaults(settings, {
      stepsPerEpoch: 1,
      physicalCores: physicalCores(),
      name: '',
      targetModules: checked.targetModules,
    }),
    device,
  } as const;
  const known = settings.train_file !== null && existsSync(settings.train_file);
  const sizes = known
    ? dataSizes(
        resolved,
        loadData(settings, checked, () => undefined),
      )
    : {
        rowTokens: settings.max_length,
        rowLabels: settings.max_length * (settings.objective === 'dpo' ? 2 : 1),
        validation: settings.validation_file !== null || settings.validation_split > 0,
      };
  const machine = machineMemory();
  const asked = { config: checked.config, base, settings: resolved, ...sizes };
  const batch = settings.auto_find_batch_size ? findBatchSize(asked, machine.free) : {};
  const question = { ...asked, settings: { ...resolved, ...batch } };
  const { memory, estimate } = chooseMemory(question, machine.free);
  const fit = fitInto({ ...question, settings: { ...question.settings, memory } }, totalBytes(estimate), machine);
  const { rowTokens, rowLabels } = sizes;
  return {
    ...fit,
    items: estimate,
    memory,
    device,
    batchSize: question.settings.batch_size,
    rowTokens,
    rowLabels,
    targetModules: resolved.target_modules,
  };
}
