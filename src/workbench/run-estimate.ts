/**
 * What a run may take, by the command line: reading a model and building its graphs is nothing for the extension host,
 * and most of the trainer would come into its bundle.
 */
import { Failure } from '../common/failure';
import type { MemoryEstimate } from '../training/memory/estimate';
import type { RunEstimate } from '../training/memory/estimate-run';
import { gigabytes } from '../training/memory/gigabytes';
import { MEMORY_ITEMS } from '../training/memory/items';
import { remedyText } from '../training/preflight/memory-check';
import { SETTING_KEYS, type Settings } from '../training/settings';
import { runCli } from './run-cli';
import { countText } from './words';

/**
 * For rows as long as max_length: the records would have to be tokenised for more. `undefined` for a model that cannot be
 * read, which the run explains.
 */
export async function estimateOf(cliPath: string, cwd: string, settings: Settings): Promise<RunEstimate | undefined> {
  const written = SETTING_KEYS.flatMap((key) => {
    const value = settings[key];
    if (key === 'train_file' || value === null || (Array.isArray(value) && value.length === 0)) return [];
    return ['--set', `${key}=${String(value)}`];
  });
  // A finetune.json in the folder would be read as well, but for the flag.
  const args = ['estimate', '--json', '--model', settings.model ?? '', ...written];
  try {
    const { out } = await runCli({ cliPath, args, cwd });
    return JSON.parse(out) as RunEstimate;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** A line for the confirmation, with what makes the run fit where it does not. */
export function memoryText(
  { needed, free, fits, remedies, memory, items }: RunEstimate,
  { max_length }: Pick<Settings, 'max_length'>,
): string {
  const most = `Memory: at most ${gigabytes(needed)} with records of ${countText(max_length)} tokens (${memory}: ${itemsText(items)}), ${gigabytes(free)} are free`;
  if (fits) return most;
  const [first] = remedies;
  return `${most}: it may not fit. ${first ? `It fits with ${remedyText(first)} (${gigabytes(first.needed)}).` : 'Choose a smaller model.'}`;
}

const LEAST_SHOWN = 0.05e9;

/** The items from the largest on, without those that would read as nothing. */
function itemsText(items: MemoryEstimate): string {
  return (Object.keys(MEMORY_ITEMS) as (keyof MemoryEstimate)[])
    .filter((key) => items[key] >= LEAST_SHOWN)
    .sort((a, b) => items[b] - items[a])
    .map((key) => `${MEMORY_ITEMS[key]} ${gigabytes(items[key])}`)
    .join(', ');
}
