import { join } from 'node:path';
import { weightForms } from '../../src/training/base';
import type { WeightSource } from '../../src/training/engines/engine';
import { baseTensors } from '../../src/training/models/tensors';
import { materializeWeights } from '../../src/training/weights/materialize';
import { loadOracle } from './oracle';
import { temporaryFolder } from './weights/support';

const KEPT = { method: 'qlora', precision: 'float32', memory: 'fast', device: 'cpu' } as const;

/** The model's weights as a run of QLoRA keeps them. */
export function quantizedWeights(model: string, doubleQuantization: boolean): WeightSource {
  const { base, config, weightsFile } = loadOracle(model);
  const tensors = new Map(
    [...base].map(([name, { shape }]) => [name, { name, dtype: 'F32', shape, file: weightsFile, offset: 0, bytes: 0 }]),
  );
  const source = {
    path: weightsFile,
    tensors,
    readTensor: (name: string) => base.get(name)!.data,
    inPlace: () => undefined,
  };
  const names = baseTensors(config).map(({ name }) => name);
  const formOf = weightForms(config, { ...KEPT, bnb_4bit_use_double_quant: doubleQuantization }, source);
  const locations = materializeWeights(source, names, join(temporaryFolder(), model), { formOf });
  return { location: (name) => locations.get(name)! };
}
