import { type Device, availableDevices, onnxRuntimeVersion } from '../engines/onnxruntime';
import type { Settings } from '../settings';
import { type DeviceChoice, type Survey, surveyDevices } from './survey';

const BEGAN = 'the run began on it';

/**
 * Trainer side: the device of a run, and why where the setting leaves it to us. Later runs on the same machine know the
 * answer from the first one.
 * @param begunOn device of the run that is resumed. It is kept while it works: only there the losses are those of a run
 * that was never interrupted.
 */
export async function chooseDevice(
  { engine, device }: Pick<Settings, 'engine' | 'device'>,
  begunOn?: string,
  survey: () => Promise<Pick<Survey, 'devices' | 'choice'>> = surveyHere,
): Promise<{ readonly device: Device; readonly reason?: string }> {
  if (device !== 'auto') return { device };
  if (engine === 'reference') return { device: 'cpu' };
  if (begunOn === 'cpu') return { device: 'cpu', reason: BEGAN };
  const { devices, choice } = await survey();
  const works = devices.find(({ device, state }) => device === begunOn && (state === 'ready' || state === 'slow'));
  return works && works.device !== choice.device ? { device: works.device, reason: BEGAN } : choice;
}

/** For a run that goes on on another device than the one that it began on. */
export function otherDeviceWarning(
  begunOn: string,
  { device, reason }: Partial<DeviceChoice>,
): { code: string; message: string; hint: string } {
  return {
    code: 'other-device',
    message: `The run began on ${begunOn} and goes on on ${device}${reason === undefined ? '' : `: ${reason}`}.`,
    hint: 'The losses agree to some digits only with those that it would have had there.',
  };
}

function surveyHere(): Promise<Survey> {
  return surveyDevices(availableDevices(), {
    nodePath: process.execPath,
    trainerPath: process.argv[1] ?? '',
    runtimeVersion: onnxRuntimeVersion(),
  });
}
