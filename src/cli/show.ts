/** `fine-tune show RUN` */
import { basename } from 'node:path';
import { openRunFolder, readEvents } from '../training/run-folder';
import type { Command } from './command';
import { evaluationLines } from './evaluation-lines';
import { findRun } from './find-run';
import { dateText, lossText } from './format';
import { chartLines, endText, overfittingNote, writeLossChart } from './run-report';
import { OUTPUT_DIR_FLAG } from './runs';
import { outputDir } from './setting-flags';
import { settingRows, settingsTable } from './settings-table';

export const showCommand: Command = {
  name: 'show',
  usage: 'RUN [--json]',
  summary: 'Shows one run: state, settings, loss chart, results. RUN is a folder, a name, or "last".',
  operands: { least: 1, most: 1 },
  flags: [OUTPUT_DIR_FLAG, { name: 'json', help: 'Prints one JSON object.' }],
  run: async (input, terminal) => {
    const run = await findRun(input.operands[0]!, outputDir(input, terminal.cwd), terminal.cwd);
    if (input.has('json')) {
      terminal.out(JSON.stringify(run, undefined, 2));
      return 0;
    }
    const events = readEvents(run.path);
    const started = events.findLast((event) => event.type === 'started');
    const lines = [`${run.name}: ${run.state}, ${dateText(run.created)}`, run.path, ''];
    if (run.settings)
      lines.push(
        ...settingsTable(settingRows(run.settings, { stepsPerEpoch: started?.stepsPerEpoch ?? 1 }), terminal.columns()),
        '',
      );
    const chart = chartLines(events, terminal);
    if (chart.length > 0) lines.push(...chart, '');
    const warnings = events.flatMap((event) =>
      event.type === 'warning' ? [`warning: ${event.message}${event.hint ? ` ${event.hint}` : ''}`] : [],
    );
    // A resumed run has warned at each start.
    lines.push(...new Set(warnings));
    if (run.final) lines.push(endText(run.final, events));
    else if (run.lastStep > 0) lines.push(`Step ${run.lastStep} of ${run.totalSteps}, loss ${lossText(run.lastLoss)}.`);
    if (run.state === 'interrupted') lines.push('Its trainer was ended before it could finish.');
    if (['stopped', 'failed', 'interrupted'].includes(run.state))
      lines.push(`"fine-tune resume ${basename(run.path)}" goes on with it.`);
    if (run.state === 'running')
      lines.push(
        `"fine-tune stop ${basename(run.path)}" stops it, "fine-tune pause ${basename(run.path)}" makes it wait.`,
      );
    if (run.state === 'paused') lines.push(`It is paused. "fine-tune continue ${basename(run.path)}" goes on with it.`);
    const note = overfittingNote(events);
    if (note) lines.push(note);
    if (run.final && run.final.type !== 'failed' && run.final.adapter) lines.push(`Adapter:  ${run.final.adapter}`);
    const drawn = writeLossChart(openRunFolder(run.path), events);
    if (drawn) lines.push(`Chart:    ${drawn}`);
    lines.push(...evaluationLines(run.path));
    terminal.out(lines.join('\n'));
    return 0;
  },
};
