import { type ResolvedSettings, SETTINGS, type Settings, usualNumbers } from '../settings';
import type { Finding } from './finding';

type Checked = Pick<
  ResolvedSettings,
  'learning_rate' | 'loraplus_lr_ratio' | 'warmup_steps' | 'max_steps' | 'method' | 'objective'
>;

export function settingsFindings(settings: Checked): Finding[] {
  return [...learningRate(settings), ...warmUp(settings)];
}

/** What the field uses, from careful to bold. */
const RATES = {
  supervised: { adapter: { lowest: 1e-6, highest: 1e-2 }, full: { lowest: 1e-8, highest: 1e-3 } },
  dpo: { adapter: { lowest: 1e-7, highest: 1e-3 }, full: { lowest: 1e-9, highest: 1e-4 } },
} as const;
const ORDER_OF_MAGNITUDE = 10;

function learningRate({ learning_rate: rate, loraplus_lr_ratio: ratio, method, objective }: Checked): Finding[] {
  const { lowest, highest } = RATES[objective][method === 'full' ? 'full' : 'adapter'];
  const fastest = rate * (ratio ?? 1);
  if (rate >= lowest && fastest <= highest) return [];
  const high = fastest > highest;
  const factor = high ? fastest / highest : lowest / rate;
  const name = high && ratio !== null ? `learning_rate ${rate} × loraplus_lr_ratio ${ratio}` : `learning_rate ${rate}`;
  const what = `${method === 'full' ? 'all weights' : 'an adapter'}${objective === 'dpo' ? ' and dpo' : ''}`;
  const usual = usualNumbers({ method, objective }).learning_rate;
  const ratioToo = high && usual * (ratio ?? 1) > highest ? ' and loraplus_lr_ratio to 16' : '';
  return [
    {
      code: 'learning-rate',
      // The quotient of two decimal numbers is not exact: 0.1 is ten times 0.01.
      severity: factor > ORDER_OF_MAGNITUDE * (1 + 1e-9) ? 'blocks' : 'warns',
      message: `${name} is ${Number(factor.toPrecision(3))} times ${high ? 'above' : 'below'} the range for ${what}, ${lowest.toExponential()} to ${highest.toExponential()}.`,
      hint: `Set learning_rate to ${usual.toExponential()}${ratioToo}, or leave it out.`,
    },
  ];
}

function warmUp({ warmup_steps: warm, max_steps: total, learning_rate: rate }: Checked): Finding[] {
  if (warm <= total / 2) return [];
  const blocks = warm >= total;
  const steps = total === 1 ? '1 step' : `${total} steps`;
  return [
    {
      code: 'warm-up',
      severity: blocks ? 'blocks' : 'warns',
      message: blocks
        ? `warmup_steps is ${warm} and the run has ${steps}, so the learning rate never reaches ${rate}.`
        : `warmup_steps is ${warm} and the run has ${steps}: the learning rate rises for more than half of them.`,
      hint: `Set warmup_steps to ${Math.floor(total / 10)} (10 % of the steps), or train longer with epochs or max_steps.`,
    },
  ];
}

const OF_ADAPTERS = ['r', 'lora_alpha', 'lora_dropout', 'target_modules'] as const;

/** Settings of an adapter or a device where there is none; `settingConflicts` refuses those that can mean nothing else. */
export function ignoredSettings(
  asked: Pick<Settings, (typeof OF_ADAPTERS)[number] | 'method' | 'engine' | 'device'>,
): Finding[] {
  const unused = asked.method === 'full' ? OF_ADAPTERS.filter((key) => asked[key] !== SETTINGS[key].default) : [];
  const ignored = (message: string, hint: string): Finding => ({
    code: 'ignored-settings',
    severity: 'warns',
    message,
    hint,
  });
  return [
    ...(unused.length === 0
      ? []
      : [
          ignored(
            `${unused.join(', ')} ${unused.length === 1 ? 'belongs' : 'belong'} to an adapter, and method "full" trains all weights without one.`,
            `Set method to lora to train an adapter, or leave ${unused.length === 1 ? 'it' : 'them'} out.`,
          ),
        ]),
    ...(asked.engine === 'reference' && asked.device !== 'auto' && asked.device !== 'cpu'
      ? [
          ignored(
            `device "${asked.device}" counts for nothing with engine "reference", which runs on the processor.`,
            'Set engine to onnxruntime to use it, or leave device out.',
          ),
        ]
      : []),
  ];
}
