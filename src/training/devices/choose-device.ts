import { type Device, availableDevices, onnxRuntimeVersion } from '../engines/onnxruntime';
import type { Settings } from '../settings';
import { surveyDevices } from './survey';

/**
 * Trainer side: the device of a run, and why where the setting leaves it to us. Later runs on the same machine know the
 * answer from the first one.
 */
export async function chooseDevice({
  engine,
  device,
}: Pick<Settings, 'engine' | 'device'>): Promise<{ readonly device: Device; readonly reason?: string }> {
  if (device !== 'auto') return { device };
  if (engine === 'reference') return { device: 'cpu' };
  const { choice } = await surveyDevices(availableDevices(), {
    nodePath: process.execPath,
    trainerPath: process.argv[1] ?? '',
    runtimeVersion: onnxRuntimeVersion(),
  });
  return choice;
}
