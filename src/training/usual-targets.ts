import { Failure } from '../common/failure';
import { usualTargets } from './adapters/lora';
import { readDecoderConfig } from './models/config';
import { linearModules } from './models/tensors';
import { openBaseModel } from './weights/base-model';

/** What `target_modules` stands for when it is left out; `undefined` where the model cannot be read, which the run explains. */
export function usualTargetsOf(model: string): readonly string[] | undefined {
  try {
    const { config, path } = openBaseModel(model);
    return usualTargets(linearModules(readDecoderConfig(config, path)));
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
