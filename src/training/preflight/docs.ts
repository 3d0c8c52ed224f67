import { PREFLIGHT_CODES, preflightDoc } from './codes';

/** `docs/preflight.md` */
export function preflightPage(): string {
  const sections = PREFLIGHT_CODES.map((code) => {
    const { title, why, whatToDo, blocks, final } = preflightDoc(code);
    const when = blocks === null ? 'Only warns.' : `Blocks ${blocks}${final ? '; cannot be forced' : ''}.`;
    return [`## ${code}`, '', `${title}. ${why}`, '', `${when} ${whatToDo}`].join('\n');
  });
  return `${[
    '# Preflight',
    '',
    'Before the first step a run looks at its settings, its records and its chat template. What blocks ends the run with',
    'exit code 2 and says everything at once. `--force CODE` (any number of them; `"force": ["CODE"]` in `finetune.json`)',
    'starts the run all the same: it is then a warning of the run, and `run.json` names it under `forced`.',
    '',
    'Template and tokens are compared in 64 records, spread evenly over the training file; all else in every record.',
    '',
    sections.join('\n\n'),
  ].join('\n')}\n`;
}
