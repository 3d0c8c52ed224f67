/** The report of `fine-tune doctor --json` as a page to read. */
import type { Finding, MachineReport } from '../cli/examine';

const SIGNS = { ok: '✓', absent: '–', missing: '✗' } as const;

export function devicesMarkdown({ findings, choice }: MachineReport): string {
  const own = (what: string): boolean => what === 'GPU' || what.startsWith('device ');
  const sections: readonly (readonly [string, readonly Finding[]])[] = [
    ['Graphics processors', findings.filter(({ what }) => what === 'GPU')],
    ['Devices to train on', findings.filter(({ what }) => what.startsWith('device ') && what !== 'device auto')],
    ['This machine', findings.filter(({ what }) => !own(what))],
  ];
  const lead = choice
    ? `Training with \`device: auto\` takes **${choice.device === 'cpu' ? 'the processor' : deviceName(choice.device)}**: ${escape(choice.reason)}.`
    : 'Training does not work on this machine yet.';
  return ['# Devices', lead, ...sections.flatMap(([title, rows]) => [`## ${title}`, table(rows)])].join('\n\n');
}

const NAMES: Readonly<Record<string, string>> = {
  cpu: 'CPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  webgpu: 'WebGPU',
};

function deviceName(device: string): string {
  return NAMES[device] ?? device;
}

function table(rows: readonly Finding[]): string {
  const lines = rows.map(({ state, what, text, hint }) => {
    const name = deviceName(what.replace(/^device /, '')).replace(/^./, (first) => first.toUpperCase());
    return `| ${SIGNS[state]} | ${escape(name)} | ${[text, ...(hint === undefined ? [] : [`*${hint}*`])].map(escape).join('<br>')} |`;
  });
  return ['| | Name | Found |', '| --- | --- | --- |', ...lines].join('\n');
}

/** Names come from drivers and paths from disks: none of it is meant as markup. */
function escape(text: string): string {
  return text.replace(/[\\`_[\]<>|&#]/g, (sign) => `&#${sign.codePointAt(0)};`);
}
