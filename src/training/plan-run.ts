/** What a run is about, before anything is trained: its base, its data, and settings with every number, all of it checked. */
import { Failure } from '../common/failure';
import { type Adapter, readAdapter } from '../export/read-adapter';
import { modelIdText } from '../hub/model-id';
import { hashAdapter, otherBaseWarning, requireSameAdapter } from './adapter-start';
import { type CheckedBase, checkBase } from './base';
import { batchPlan, longestRow, paddingShare, planEpoch } from './batches';
import type { Checkpoint } from './checkpoint';
import { physicalCores } from './cores';
import { type LoadedData, loadData } from './data';
import { type ChosenDevice, chooseDevice, lookHere } from './devices/choose-device';
import { findBatchSize } from './memory/batch-size';
import { type MemoryChoice, type OpenMemoryQuestion, chooseMemory, dataSizes, freeBytes } from './memory/choose-memory';
import { totalBytes } from './memory/estimate';
import { fitInto, machineMemory } from './memory/fit';
import type { PhaseRunner } from './phases';
import { type Passed, preflight } from './preflight/preflight';
import type { EventBody } from './protocol';
import { type ResumeRequest, requestedSettings, requireSameInputs } from './resume';
import type { RunFile } from './run-folder';
import { layoutFor } from './session';
import { type ResolvedSettings, type Settings, parseSettings, resolveDefaults } from './settings';
import { type BaseModel, openBaseModel, sharedName } from './weights/base-model';

export interface RunPlan {
  readonly base: BaseModel;
  readonly checked: CheckedBase;
  readonly data: LoadedData;
  /** Of all that the numbers of the run depend on; for run.json. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly settings: ResolvedSettings & Pick<ChosenDevice, 'device'> & Pick<MemoryChoice, 'memory'>;
  readonly layout: ReturnType<typeof layoutFor>;
  readonly stepsPerEpoch: number;
  /** Of the first epoch. */
  readonly paddingShare: number;
  readonly device: ChosenDevice;
  readonly memory: MemoryChoice;
  readonly forced: Passed['forced'];
  /** The adapter that the run begins with, read from its folder. */
  readonly startingAdapter: () => Adapter | undefined;
}

/**
 * @param checkpoint where a run that is resumed goes on; `undefined` where it begins
 * @throws Failure where settings, model, data or what is found in them keep the run from starting
 */
export async function planRun(
  run: RunFile,
  report: (event: EventBody) => void,
  phase: PhaseRunner,
  resume: ResumeRequest | undefined,
  checkpoint: Checkpoint | undefined,
): Promise<RunPlan> {
  const asked = requireSettings(resume ? requestedSettings(run, resume, checkpoint) : run.requested);
  const base = phase('load', () => openBaseModel(asked.model!));
  const checked = checkBase(base, asked);
  // A checkpoint holds what has become of it.
  const adapter = checkpoint ? undefined : startingAdapter(asked, run);
  const data = phase('tokenize', () =>
    loadData(asked, checked, (done, total) =>
      report({ type: 'progress', phase: 'tokenize', done, total, unit: 'records' }),
    ),
  );
  const adapterHash = adapter ? hashAdapter(adapter) : run.hashes?.['starting_adapter'];
  const hashes = {
    model: base.hash(),
    ...data.hashes,
    ...(adapterHash !== undefined && { starting_adapter: adapterHash }),
  };
  if (resume && run.hashes) requireSameInputs(run.hashes, hashes, { ...asked }, resume.force ?? []);

  const begunOn = checkpoint && String(run.settings?.['device']);
  const device = await chooseDevice(asked, begunOn, () => phase('device', lookHere));
  for (const warning of device.warnings) report({ type: 'warning', ...warning });
  const numbersFor = (settings: Settings, steps: number): ResolvedSettings =>
    resolveDefaults(settings, {
      stepsPerEpoch: steps,
      physicalCores: physicalCores(),
      name: run.name,
      targetModules: adapter?.lora.targetModules ?? checked.targetModules,
    });
  // What was chosen for a GPU may not fit beside a processor.
  const moved = begunOn !== undefined && begunOn !== device.device;
  const memorySetting = moved ? requireSettings(run.requested).memory : asked.memory;
  const questionOf = (settings: ResolvedSettings): OpenMemoryQuestion => {
    const open = { ...settings, device: device.device, memory: memorySetting };
    return { config: checked.config, base, settings: open, ...dataSizes(open, data) };
  };
  // The steps count for nothing in memory. A checkpoint's steps have the batches that the run began with.
  const sized =
    asked.auto_find_batch_size && !checkpoint
      ? { ...asked, ...findBatchSize(questionOf(numbersFor(asked, 1)), freeBytes()) }
      : asked;
  const firstEpoch = planEpoch(data.train, batchPlan(sized), 0);
  const stepsPerEpoch = Math.ceil(firstEpoch.length / sized.gradient_accumulation_steps);
  const numbers = numbersFor(sized, stepsPerEpoch);
  const question = questionOf(numbers);
  const memory = chooseMemory(question, freeBytes());
  // An id with its commit: a resumed run trains the same weights, whatever the branch is then.
  const model = base.hub ? modelIdText(base.hub) : asked.model;
  const settings = { ...numbers, model, device: device.device, memory: memory.memory };

  const { warnings, forced } = preflight({
    settings,
    asked,
    base: checked,
    data,
    // Of a GPU only the driver knows what is free.
    ...(device.device === 'cpu' && {
      memory: fitInto({ ...question, settings }, totalBytes(memory.estimate), machineMemory()),
    }),
  });
  for (const warning of warnings) report({ type: 'warning', ...warning });
  const otherBase = adapter && otherBaseWarning(adapter, sharedName(base));
  if (otherBase) report({ type: 'warning', ...otherBase });
  return {
    base,
    checked,
    data,
    hashes,
    settings,
    layout: layoutFor(longestRow([...data.train, ...data.validation], batchPlan(sized)), checked.config.vocabulary),
    stepsPerEpoch,
    paddingShare: paddingShare(firstEpoch),
    device,
    memory,
    forced,
    startingAdapter: () => adapter ?? startingAdapter(asked, run),
  };
}

/** The adapter to go on from; for a run that is resumed, the one that it began with. */
function startingAdapter({ adapter: folder }: Settings, { hashes }: RunFile): Adapter | undefined {
  if (folder === null) return undefined;
  const adapter = readAdapter(folder);
  requireSameAdapter(adapter, hashes?.['starting_adapter']);
  return adapter;
}

function requireSettings(requested: Readonly<Record<string, unknown>>): Settings {
  const parsed = parseSettings(requested);
  const problems = parsed.ok
    ? [
        ...(parsed.settings.model === null ? ['No base model is named.'] : []),
        ...(parsed.settings.train_file === null ? ['No training data is named.'] : []),
      ]
    : parsed.problems.map((problem) => problem.message);
  if (parsed.ok && problems.length === 0) return parsed.settings;
  throw new Failure('bad-settings', problems.join(' '), 'Correct the settings and start again.', 2);
}
