/** A run that goes on from an adapter: what the adapter must fulfil, and what it starts with. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { Failure } from '../common/failure';
import type { Adapter } from '../export/read-adapter';
import { magnitudeName } from './adapters/dora';
import { type LinearModule, isTarget, loraName } from './adapters/lora';
import type { Parameter } from './optimizer';
import type { ResolvedSettings } from './settings';

/** What decides the tensors of an adapter, and what they mean. */
export type AdapterShape = Pick<ResolvedSettings, 'target_modules' | 'r' | 'lora_alpha' | 'use_rslora' | 'use_dora'>;

const SHOWN = 3;

/**
 * The tensors of the adapter in the order of the modules.
 * @throws Failure (exit code 2) `adapter-settings` where r and the like differ, `adapter-mismatch` where the base does
 */
export function startFromAdapter(
  adapter: Adapter,
  modules: readonly LinearModule[],
  settings: AdapterShape,
): Parameter[] {
  requireSettings(adapter, settings);
  const targets = modules.filter(({ module }) => isTarget(module, settings.target_modules));
  const wanted = new Map(targets.flatMap((target) => tensorsOf(target, settings)));
  const found = new Map(adapter.parameters.map((parameter) => [parameter.name, parameter]));
  const problems = [
    ...[...wanted].flatMap(([name, shape]) => {
      const own = found.get(name)?.shape;
      if (!own) return [`"${name}" is missing in it`];
      return own.join() === shape.join() ? [] : [`"${name}" is [${own.join(', ')}], not [${shape.join(', ')}]`];
    }),
    ...[...found.keys()].filter((name) => !wanted.has(name)).map((name) => `"${name}" belongs to no adapted layer`),
  ];
  if (problems.length > 0)
    throw new Failure(
      'adapter-mismatch',
      `${adapter.folder} does not fit the base model and target_modules ${settings.target_modules.join(', ')}: ${listed(problems)}.`,
      adapter.baseName
        ? `The adapter says that it was trained on ${adapter.baseName}, on the layers ${adapter.lora.targetModules.join(', ')}.`
        : 'Take the base model that the adapter was trained on.',
      2,
    );
  return [...wanted.keys()].map((name) => found.get(name)!);
}

/** Tells adapters apart: sha256 over names, shapes and numbers of the tensors. */
export function hashAdapter({ parameters }: Adapter): string {
  const hash = createHash('sha256');
  for (const { name, shape, data } of [...parameters].sort((a, b) => (a.name < b.name ? -1 : 1)))
    hash.update(`${name} ${shape.join('x')}\n`).update(data);
  return hash.digest('hex');
}

/**
 * Where the start of a run is needed again (no checkpoint, or DPO's reference is lost), it must be the same one.
 * @throws Failure `adapter-changed` (exit code 2)
 */
export function requireSameAdapter(adapter: Adapter, recorded: string | undefined): void {
  if (recorded === undefined || hashAdapter(adapter) === recorded) return;
  throw new Failure(
    'adapter-changed',
    `The adapter ${adapter.folder} is not the one that this run began with: its weights have changed.`,
    'Put the old adapter back, or train anew.',
    2,
  );
}

/** A warning where the adapter names another base; a model may have been moved or converted, so that it is no more. */
export function otherBaseWarning(
  { folder, baseName }: Adapter,
  basePath: string,
): { code: string; message: string; hint: string } | undefined {
  const wanted = basename(baseName.replaceAll('\\', '/')).toLowerCase();
  if (wanted === '' || basePath.toLowerCase().includes(wanted)) return undefined;
  return {
    code: 'adapter-base',
    message: `The adapter ${folder} names ${baseName} as its base model; this run trains on ${basePath}.`,
    hint: 'If that is another model, take the one that the adapter was trained on.',
  };
}

function requireSettings({ folder, lora }: Adapter, settings: AdapterShape): void {
  const own = {
    r: lora.r,
    lora_alpha: lora.alpha,
    use_rslora: lora.rslora ?? false,
    use_dora: lora.dora ?? false,
  };
  const keys = (Object.keys(own) as (keyof typeof own)[]).filter((key) => own[key] !== settings[key]);
  if (keys.length === 0) return;
  const differences = keys.map((key) => `${key} ${own[key]}, not ${settings[key]}`).join('; ');
  throw new Failure(
    'adapter-settings',
    `${folder} was made with ${differences}.`,
    `Set ${keys.map((key) => `${key} to ${own[key]}`).join(' and ')}.`,
    2,
  );
}

function tensorsOf(
  { module, inFeatures, outFeatures }: LinearModule,
  { r, use_dora: dora }: AdapterShape,
): [string, readonly number[]][] {
  return [
    [loraName(module, 'A'), [r, inFeatures]],
    [loraName(module, 'B'), [outFeatures, r]],
    ...(dora ? [[magnitudeName(module), [outFeatures]] satisfies [string, number[]]] : []),
  ];
}

function listed(problems: readonly string[]): string {
  const more = problems.length - SHOWN;
  return [...problems.slice(0, SHOWN), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
