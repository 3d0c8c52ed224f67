import { describe, expect, it } from 'vitest';
import { columnsText, durationText, memoryText, settingText, shortCountText, wrap } from '../../src/cli/format';
import { lossChart } from '../../src/cli/loss-chart';
import { liveLine, phaseLine, plainLine } from '../../src/cli/progress-line';
import { runsTable } from '../../src/cli/runs';
import { settingRows, settingsTable } from '../../src/cli/settings-table';
import { showsUnicode } from '../../src/cli/terminal';
import { lossCurve } from '../../src/training/loss-curve';
import { parseSettings, resolveDefaults } from '../../src/training/settings';
import { evaluation, metrics, sampleRun } from '../training/sample-events';

describe('loss chart', () => {
  it('is drawn in ASCII', () => {
    expect(lossChart(lossCurve(sampleRun()), false, { width: 40, height: 8 })).toMatchInlineSnapshot(`
      [
        "     |**",
        "   3 + **",
        "     |   **",
        "   2 +    o**",
        "     |      ****",
        "   1 +        o*****",
        "     |            o**o***o***o***#***o***o***o",
        "     |",
        "     ++------------+------------+------------+ step",
        "      1           50           100          150",
        "  * train loss (smoothed)   o validation loss   # best: 0.729 at step 105",
      ]
    `);
  });

  it('is drawn in braille, with the validation on top', () => {
    expect(lossChart(lossCurve(sampleRun()), true)).toMatchInlineSnapshot(`
      [
        " 3.5 ┤⠊⡆",
        "     │ ⠈⠢⡀",
        " 3.0 ┤   ⠣⡀",
        "     │    ⠈⢆",
        " 2.5 ┤      ⠑⢄",
        " 2.0 ┤     ○  ⠑⡄",
        "     │         ⠈⠑⣄",
        " 1.5 ┤            ⠑⢆⡀",
        "     │           ○  ⠈⠓⠤⡄",
        " 1.0 ┤                 ○⠉⠓⠢⠤⣀○⡀                            ○     ○",
        "     │                        ⠈⠉⠉⠑⠒○⠲⠒⠢⠤⠤○⠤⠤⠤⠤⠤◆⠤⠤⠤⠤⠤○⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤",
        " 0.5 ┤",
        "     └┬──────────────────┬───────────────────┬───────────────────┬ step",
        "      1                 50                  100                 150",
        "  ⣀⠔⠉ train loss (smoothed)   ○ validation loss   ◆ best: 0.729 at step 105",
      ]
    `);
  });

  it('breaks at what is no number, and is empty without a loss', () => {
    const gap = lossChart(
      lossCurve([1, 2, 3].flatMap((i) => [metrics(2 * i, 2), metrics(2 * i + 1, i === 2 ? null : 2)])),
      false,
      {
        width: 6,
        height: 3,
      },
    );
    expect(gap[1]).toMatch(/\*\*\* \*\*$/);
    expect(lossChart(lossCurve([metrics(1, null)]), true)).toEqual([]);
    expect(lossChart(lossCurve([]), true)).toEqual([]);
  });

  it('copes with one step and with validation alone', () => {
    expect(lossChart(lossCurve([metrics(7, 2)]), false).join('\n')).toContain('*');
    expect(lossChart(lossCurve([evaluation(7, 2)]), false).join('\n')).toContain('best: 2.000 at step 7');
  });

  it('keeps to its size', () => {
    for (const unicode of [true, false]) {
      const lines = lossChart(lossCurve(sampleRun(1000)), unicode);
      expect(lines).toHaveLength(12 + 3);
      expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(60 + 16);
    }
  });
});

describe('progress line', () => {
  const state = { metrics: metrics(75, 1.9), totalSteps: 150, loss: 1.8324, validationLoss: 1.901 };
  it('shows everything where there is room', () => {
    expect(liveLine(state, 120, false)).toBe(
      '[############------------]  75/150  loss 1.832  val 1.901  13 min left  1,450 tokens/s  512 MiB',
    );
    expect(liveLine({ ...state, validationLoss: null, loss: null }, 120, true)).toBe(
      '[████████████░░░░░░░░░░░░]  75/150  loss not a number  val not a number  13 min left  1,450 tokens/s  512 MiB',
    );
  });
  it.each([80, 60, 40, 20, 8])('fits into %i columns', (columns) => {
    const line = liveLine(state, columns, false);
    expect(line.length).toBeLessThan(columns);
    expect(line).toContain('75/150');
  });
  it('counts in other phases', () => {
    const event = {
      v: 1,
      time: '',
      type: 'progress',
      phase: 'tokenize',
      done: 300,
      total: 1200,
      unit: 'records',
    } as const;
    expect(phaseLine({ ...event, secondsLeft: 2 }, 100, false)).toBe(
      '[######------------------]  Tokenizing the data  300/1,200 records  2.0 s left',
    );
    expect(phaseLine({ ...event, total: 0 }, 100, false)).toContain('[------------------------]');
  });
  it('has a form for logs', () => {
    expect(plainLine(state)).toBe(
      'step  75/150  epoch 1.50  loss 1.832  learning rate 9.3e-5  1,450 tokens/s  512 MiB  13 min left',
    );
  });
});

describe('settings table', () => {
  const resolved = (input: Record<string, unknown>): Record<string, unknown> => {
    const parsed = parseSettings({ model: '/m', train_file: '/d/tickets.jsonl', ...input });
    if (!parsed.ok) throw new Error(parsed.problems[0]!.message);
    return { ...resolveDefaults(parsed.settings, { stepsPerEpoch: 50, physicalCores: 2, name: 'tickets' }) };
  };
  it('has a row for every setting and marks what was changed, with the default as a number', () => {
    const rows = settingRows(resolved({ epochs: 5, learning_rate: 2e-4, method: 'full' }), { stepsPerEpoch: 50 });
    expect(rows.filter((row) => row.standard !== undefined)).toEqual([
      { key: 'method', value: 'full', standard: 'lora' },
      { key: 'epochs', value: '5', standard: '3' },
      { key: 'learning_rate', value: '2e-4', standard: '2e-5' },
    ]);
    expect(rows.find((row) => row.key === 'warmup_steps')?.value).toBe('25');
    expect(rows.every((row) => row.value !== '')).toBe(true);
  });
  it('shows no mark when nothing was changed', () => {
    const chosen = { ...resolved({}), device: 'cpu', memory: 'fast' };
    expect(settingsTable(settingRows(chosen, { stepsPerEpoch: 50 }), 100).join('\n')).not.toContain('*');
  });
  it('uses as many columns as fit', () => {
    const rows = settingRows(resolved({ r: 16 }), { stepsPerEpoch: 50 });
    const narrow = settingsTable(rows, 60);
    const wide = settingsTable(rows, 140, (cell) => `<${cell}>`);
    expect(wide.length).toBeLessThan(narrow.length / 1.5);
    expect(Math.max(...narrow.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(wide.join('\n')).toMatch(/<\* r +16 {2}\(default 8\) *>/);
  });
});

describe('runs table', () => {
  it('aligns its columns', () => {
    const run = {
      path: '/r/20261124-120509-a',
      name: 'a',
      created: '2026-11-24T12:05:09',
      lastLoss: 1.5,
      lastStep: 3,
      totalSteps: 10,
    };
    expect(
      runsTable([
        { ...run, state: 'running' },
        { ...run, state: 'completed', lastStep: 1000, totalSteps: 1000, bestValidationLoss: 12.25 },
        { ...run, state: 'interrupted', lastStep: 0, totalSteps: 0, lastLoss: null },
      ]),
    ).toEqual([
      'created           state            steps   loss  best validation  name  folder',
      '2026-11-24 12:05  running           3/10  1.500                -  a     20261124-120509-a',
      '2026-11-24 12:05  completed    1000/1000  1.500           12.250  a     20261124-120509-a',
      '2026-11-24 12:05  interrupted          -      -                -  a     20261124-120509-a',
    ]);
  });
});

describe('numbers', () => {
  it('are short and true', () => {
    expect([0.04, 9.94, 9.96, 99, 100, 3599, 3600, 7500].map(durationText)).toEqual([
      ...['0.0 s', '9.9 s', '10 s', '99 s', '2 min', '1 h', '1 h', '2 h 5 min'],
    ]);
    expect([999, 15_360, 1_800_000, 7_240_000_000].map(shortCountText)).toEqual(['999', '15.4 k', '1.80 M', '7.24 B']);
    expect([143 * 2 ** 20, 1.4 * 2 ** 30].map(memoryText)).toEqual(['143 MiB', '1.4 GiB']);
    expect([1e-4, 0.1, 0, 1e-8, 2e-5, null, ['a', 'b'], true].map(settingText)).toEqual([
      ...['1e-4', '0.1', '0', '1e-8', '2e-5', 'none', 'a, b', 'true'],
    ]);
  });
  it('stand in columns and lines', () => {
    expect(
      columnsText(
        [
          ['a', '1'],
          ['bbb', '22'],
        ],
        [1],
      ),
    ).toEqual(['a     1', 'bbb  22']);
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  });
});

describe('showsUnicode', () => {
  it.each([
    ['linux', { LANG: 'en_US.UTF-8' }, true],
    ['linux', { LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
    ['linux', {}, false],
    ['darwin', {}, true],
    ['win32', { WT_SESSION: 'x' }, true],
    ['win32', {}, false],
  ] as const)('%s %j', (platform, env, expected) => {
    expect(showsUnicode(platform, env)).toBe(expected);
  });
});
