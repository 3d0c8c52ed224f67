/** What must be right before the first step: every check at once, over what is loaded anyway. */
import { Failure } from '../../common/failure';
import type { CheckedBase } from '../base';
import type { LoadedData } from '../data';
import type { Fit } from '../memory/fit';
import type { ResolvedSettings, Settings } from '../settings';
import { answerFindings } from './answer-checks';
import { FORCEABLE } from './codes';
import { dataFindings } from './data-checks';
import type { Finding } from './finding';
import { memoryFindings } from './memory-check';
import { ignoredSettings, settingsFindings } from './settings-checks';
import { templateFindings } from './template-checks';
import { tokenFindings } from './token-checks';

export interface PreflightInput {
  readonly settings: ResolvedSettings;
  /** As they were given, nothing filled in. */
  readonly asked: Settings;
  readonly base: Pick<CheckedBase, 'template' | 'tokenizer'>;
  readonly data: Pick<LoadedData, 'train' | 'validation' | 'questions' | 'files'>;
  /** Where it is known how much the run needs. */
  readonly memory?: Fit;
}

export interface Passed {
  readonly warnings: readonly { readonly code: string; readonly message: string; readonly hint: string }[];
  /** What would have ended the run, had `force` not named it. For run.json. */
  readonly forced: readonly { readonly code: string; readonly message: string }[];
}

/**
 * Looks at settings, records and template; what is tolerable or forced comes back as warnings.
 * @throws Failure `preflight` (exit code 2) that names everything that blocks, each with its remedy
 */
export function preflight(input: PreflightInput): Passed {
  const findings = findingsOf(input);
  const isForced = ({ code, severity }: Finding): boolean =>
    severity === 'blocks' && input.settings.force.includes(code);
  const blocking = findings.filter((one) => one.severity === 'blocks' && !isForced(one));
  if (blocking.length > 0) throw refusal(blocking);
  return {
    warnings: findings.map((one) => ({
      code: one.code,
      message: isForced(one) ? `${one.message} The run starts all the same: force names ${one.code}.` : one.message,
      hint: one.hint,
    })),
    forced: findings.filter(isForced).map(({ code, message }) => ({ code, message })),
  };
}

function findingsOf({ settings, asked, base, data, memory }: PreflightInput): Finding[] {
  const training = data.files[0]!;
  return [
    ...settingsFindings(settings),
    ...ignoredSettings(asked),
    ...(memory ? memoryFindings(memory) : []),
    ...dataFindings(data, settings),
    ...answerFindings(data, settings),
    ...tokenFindings(training, base),
    ...templateFindings(training, base),
  ];
}

function refusal(blocking: readonly Finding[]): Failure {
  const codes = [...new Set(blocking.map(({ code }) => code))];
  const force = codes.every((code) => FORCEABLE.includes(code)) ? forceHint(codes) : '';
  const [first] = blocking;
  if (blocking.length === 1)
    return new Failure('preflight', `${first!.message} (${first!.code})`, `${first!.hint} ${force}`.trimEnd(), 2);
  const listed = blocking.map(({ code, message, hint }) => `- ${message} (${code})\n  ${hint}`);
  return new Failure(
    'preflight',
    [`${blocking.length} things stand against this run:`, ...listed].join('\n'),
    force || 'Correct them and start again.',
    2,
  );
}

function forceHint(codes: readonly string[]): string {
  const flags = codes.map((code) => `--force ${code}`).join(' ');
  return `To start all the same: ${flags} (in finetune.json: "force": ${JSON.stringify(codes)}).`;
}
