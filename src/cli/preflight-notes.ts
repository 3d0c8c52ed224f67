import { PREFLIGHT_CODES, preflightDoc } from '../training/preflight/codes';

const WIDTH = 26;

/** For the help of `train`: what keeps a run from starting, and by which code it can be forced. */
export function preflightNotes(): string {
  const rows = PREFLIGHT_CODES.flatMap((code) => {
    const { title, blocks, final } = preflightDoc(code);
    return blocks === null ? [] : [`  ${code.padEnd(WIDTH)}${title}${final ? ' (cannot be forced)' : ''}`];
  });
  return [
    'Settings and data are looked at before the first step. These end the run with code 2, unless',
    '--force names them:',
    ...rows,
    'docs/preflight.md says when, why, and what to do.',
  ].join('\n');
}
