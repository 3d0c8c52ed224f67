/** `fine-tune doctor` */
import type { Command, Flag } from './command';
import { type Finding, examine } from './examine';
import { columnsText } from './format';

export const NODE_FLAG: Flag = {
  name: 'node',
  value: 'PATH',
  help: 'The Node that trains; default: the one that runs this.',
};

export function doctorCommand(trainerPath: string): Command {
  return {
    name: 'doctor',
    usage: '[--json] [--node PATH]',
    summary: 'Says what this machine can train with, what is missing and how to get it.',
    operands: { least: 0, most: 0 },
    flags: [{ name: 'json', help: 'Prints one JSON object: findings, gpus, devices, choice.' }, NODE_FLAG],
    notes: `Every GPU is tried with a small product, which takes some seconds.
Exit codes: 0 training works on this machine, 1 something that it needs is missing.`,
    run: async (input, terminal) => {
      const report = await examine(trainerPath, terminal.cwd, input.last('node'));
      terminal.out(input.has('json') ? JSON.stringify(report, undefined, 2) : findingsText(report.findings).join('\n'));
      return report.findings.some(({ state }) => state === 'missing') ? 1 : 0;
    },
  };
}

const LABELS = { ok: 'ok', absent: '-', missing: 'missing' } as const;

export function findingsText(findings: readonly Finding[]): string[] {
  const rows = columnsText(findings.map(({ state, what, text }) => [LABELS[state], what, text]));
  return findings.flatMap(({ hint }, i) => [rows[i]!, ...(hint ? [`         ${hint}`] : [])]);
}
