import { type Device, availableDevices, onnxRuntimeVersion } from '../engines/onnxruntime';
import type { WarningEvent } from '../protocol';
import type { Settings } from '../settings';
import { type DeviceChoice, type Survey, surveyDevices } from './survey';

type Warning = Pick<WarningEvent, 'code' | 'message' | 'hint'>;
type Choice = Partial<DeviceChoice> & { readonly device: Device };
type Ask = Pick<Settings, 'engine' | 'device'>;
type Look = () => Promise<Pick<Survey, 'devices' | 'choice'>>;

export interface ChosenDevice {
  readonly device: Device;
  /** Where it was chosen for the user. */
  readonly reason?: string;
  readonly warnings: readonly Warning[];
}

/**
 * Trainer side: the device of a run. Later runs on the same machine know the answer from the first one.
 * @param begunOn device of the run that is resumed. It is kept while it works: only there the losses are those of a run
 * that was never interrupted.
 * @param look called where the choice is ours
 */
export async function chooseDevice(asked: Ask, begunOn: string | undefined, look: Look): Promise<ChosenDevice> {
  const { device, reason, hint } = await choose(asked, begunOn, look);
  const because = reason === undefined ? '' : `: ${reason}`;
  const warnings: Warning[] = [];
  if (begunOn !== undefined && begunOn !== device)
    warnings.push({
      code: 'other-device',
      message: `The run began on ${begunOn} and continues on ${device}${because}.`,
      hint: 'Its losses agree only in their first digits with those that it would have had there.',
    });
  if (hint !== undefined) warnings.push({ code: 'gpu-unused', message: `The GPU is not used${because}.`, hint });
  return { device, ...(reason !== undefined && { reason }), warnings };
}

async function choose({ engine, device }: Ask, begunOn: string | undefined, look: Look): Promise<Choice> {
  if (device !== 'auto') return { device };
  if (engine === 'reference') return { device: 'cpu' };
  if (begunOn === 'cpu') return { device: begunOn, reason: BEGAN };
  const { devices, choice } = await look();
  const works = devices.find(({ device, state }) => device === begunOn && (state === 'ready' || state === 'slow'));
  return works && works.device !== choice.device ? { device: works.device, reason: BEGAN } : choice;
}

const BEGAN = 'the run began on it';

/** The devices of this machine, as the trainer sees them. */
export function lookHere(): Promise<Survey> {
  return surveyDevices(availableDevices(), {
    nodePath: process.execPath,
    trainerPath: process.argv[1] ?? '',
    runtimeVersion: onnxRuntimeVersion(),
  });
}
