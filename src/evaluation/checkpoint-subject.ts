/** What a run had learned by a checkpoint, as its result would be opened. */
import { join } from 'node:path';
import type { Adapter } from '../export/read-adapter';
import { usualTargets } from '../training/adapters/lora';
import { CHECKPOINT_WEIGHTS, openCheckpoint } from '../training/checkpoint';
import type { DecoderConfig } from '../training/models/config';
import { linearModules } from '../training/models/tensors';
import type { RunFolder } from '../training/run-folder';
import type { Settings } from '../training/settings';
import type { BaseModel } from '../training/weights/base-model';
import { hashModel } from '../training/weights/model-hash';
import { readSafetensorsHeader } from '../training/weights/safetensors';
import { type TensorInfo, readFloats } from '../training/weights/tensor-info';

/** @throws Failure (exit code 2) of `openCheckpoint` */
export function checkpointAdapter(
  { path, checkpoints }: Pick<RunFolder, 'path' | 'checkpoints'>,
  step: number,
  settings: Settings,
  base: { readonly config: DecoderConfig; readonly name: string },
): Adapter {
  const tensors = [...trainedTensors(checkpoints, step).values()];
  return {
    folder: path,
    lora: {
      r: settings.r,
      alpha: settings.lora_alpha,
      dropout: 0,
      targetModules: settings.target_modules ?? usualTargets(linearModules(base.config)),
      rslora: settings.use_rslora,
      dora: settings.use_dora,
    },
    parameters: tensors.map((info) => ({ name: info.name, shape: info.shape, data: readFloats(info) })),
    baseName: base.name,
  };
}

/** Of a run that trained all weights: the base with those of the checkpoint. @throws as `checkpointAdapter` */
export function checkpointModel(
  { checkpoints }: Pick<RunFolder, 'checkpoints'>,
  step: number,
  base: BaseModel,
): BaseModel {
  const trained = trainedTensors(checkpoints, step);
  const tensors = new Map([...base.tensors, ...trained]);
  return {
    ...base,
    // Spreading would read them.
    get filesToCopy() {
      return base.filesToCopy;
    },
    tensors,
    readTensor: (name) => {
      const info = trained.get(name);
      return info ? readFloats(info) : base.readTensor(name);
    },
    inPlace: (name, type = 'F32') => {
      const info = trained.get(name);
      if (!info) return base.inPlace(name, type);
      return info.dtype === type && info.offset % 4 === 0 ? info : undefined;
    },
    hash: () => hashModel(base.config, tensors),
  };
}

function trainedTensors(checkpoints: string, step: number): ReadonlyMap<string, TensorInfo> {
  return readSafetensorsHeader(join(openCheckpoint(checkpoints, step).path, CHECKPOINT_WEIGHTS)).tensors;
}
