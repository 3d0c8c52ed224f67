import type { ResolvedSettings } from '../settings';
import type { Engine } from './engine';
import { type Device, createOnnxRuntimeEngine } from './onnxruntime';
import { createReferenceEngine } from './reference';

/** @param prepack whether the runtime may hold a packed copy of the weights: faster, and twice the memory */
export function createEngine(settings: ResolvedSettings & { readonly device: Device }, prepack: boolean): Engine {
  if (settings.engine === 'reference') return createReferenceEngine();
  return createOnnxRuntimeEngine({ device: settings.device, threads: settings.threads, prepack });
}
