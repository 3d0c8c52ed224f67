import { describe, expect, it } from 'vitest';
import { endText, overfittingNote } from '../../src/cli/run-report';
import type { Terminal } from '../../src/cli/terminal';
import { noteText, trainView } from '../../src/cli/train-view';
import { evaluation, metrics, sampleRun, started } from '../training/sample-events';

function fakeTerminal(changes: Partial<Terminal> = {}): Terminal & { text(): string } {
  let text = '';
  return {
    out: () => undefined,
    err: (part) => (text += part),
    live: true,
    color: false,
    colorOut: false,
    unicode: false,
    columns: () => 100,
    cwd: '/',
    ...changes,
    text: () => text,
  };
}

/** What a terminal shows after it has received this text. */
function screen(text: string): string[] {
  const lines = [''];
  for (const part of text.split(/(\r\u001b\[2K|\n)/)) {
    if (part === '\n') lines.push('');
    else if (part === '\r\u001b[2K') lines[lines.length - 1] = '';
    else lines[lines.length - 1] += part;
  }
  return lines;
}

describe('the live line', () => {
  it('is the last line, rewritten in place, below everything that is said', () => {
    const terminal = fakeTerminal();
    let clock = 0;
    const view = trainView(terminal, '/runs/a', () => (clock += 1000));
    view.show(started({ settings: { r: 8 } }));
    view.show(metrics(1, 3));
    view.show(metrics(2, 2));
    view.show({ ...evaluation(2, 2.5), best: true });
    expect(screen(terminal.text()).slice(-2)).toEqual([
      'step 2  validation loss 2.500  perplexity 12.18  50.0 % of the tokens right  best so far',
      '[------------------------]  2/150  loss 2.474  13 min left  1,450 tokens/s  512 MiB',
    ]);
    view.show(metrics(75, 1));
    expect(screen(terminal.text()).at(-1)).toContain('[############------------]  75/150  loss 1.930  val 2.500');
    view.say('Stopping.');
    expect(screen(terminal.text()).slice(-2)[0]).toBe('Stopping.');
    view.end();
    view.show(metrics(76, 1));
    expect(screen(terminal.text()).slice(-2)).toEqual(['Stopping.', '']);
  });

  it('shows the metrics of written answers below the loss', () => {
    const terminal = fakeTerminal();
    const view = trainView(terminal, '/runs/a');
    view.show(started());
    view.show({ ...evaluation(20, 2.5), metrics: { exact_match: 0.25, bleu: 31.27 }, answers: 20, samples: [] });
    expect(screen(terminal.text()).slice(-3)).toEqual([
      'step 20  validation loss 2.500  perplexity 12.18  50.0 % of the tokens right',
      '         20 answers: Exact match 25.0 %, BLEU 31.3',
      '',
    ]);
  });

  it('says how far apart the answers of pairs are, and how many are in the right order', () => {
    const terminal = fakeTerminal();
    let clock = 0;
    const view = trainView(terminal, '/runs/a', () => (clock += 1000));
    view.show(started());
    const rewards = { chosen: 0.25, rejected: -0.2, margins: 0.45, accuracies: 0.8125 };
    view.show({ ...metrics(1, 0.6), rewards: { ...rewards, margins: 0.000_312 } });
    view.show({ ...evaluation(1, 0.5), perplexity: null, rewards });
    expect(screen(terminal.text()).slice(-2)).toEqual([
      'step 1  validation loss 0.500  margin 0.450  accuracy 81 %  50.0 % of the chosen tokens right',
      expect.stringContaining('loss 0.600  margin 0.00031  accuracy 81 %'),
    ]);
  });

  it('goes on with the mean of the steps before a run was resumed', () => {
    const terminal = fakeTerminal();
    let clock = 0;
    const past = [started(), metrics(1, 3), evaluation(1, 2.75), metrics(2, 2), metrics(3, 9), evaluation(3, 9)];
    const view = trainView(terminal, '/runs/a', () => (clock += 1000), past);
    view.show(started({ resumedFrom: 2, settings: { r: 8 } }));
    expect(screen(terminal.text())).toContain('the run goes on after step 2');
    view.show(metrics(3, 1));
    // (1 + 0.9 · 2 + 0.81 · 3) / (1 + 0.9 + 0.81)
    expect(screen(terminal.text()).at(-1)).toContain('3/150  loss 1.930  val 2.750');
  });

  it('says why a device was chosen, and nothing where the user has named it', () => {
    const shown = (more: Parameters<typeof started>[0]): string => {
      const terminal = fakeTerminal();
      trainView(terminal, '/runs/a', () => 0).show(started(more));
      return screen(terminal.text()).join('\n');
    };
    expect(shown({ deviceReason: 'no GPU was found' })).toContain('device cpu was chosen: no GPU was found');
    expect(shown({})).not.toContain('was chosen');
  });

  it('is redrawn at most every 80 ms, but always for the last step', () => {
    const terminal = fakeTerminal();
    const view = trainView(terminal, '/runs/a', () => 0);
    view.show(started());
    const before = terminal.text().length;
    view.show(metrics(1, 3));
    const once = terminal.text().length;
    for (let step = 2; step < 150; step++) view.show(metrics(step, 2));
    expect(once).toBeGreaterThan(before);
    expect(terminal.text().length).toBe(once);
    view.show(metrics(150, 2));
    expect(screen(terminal.text()).at(-1)).toContain('150/150');
  });

  it('shows a phase while it lasts, and how long it took', () => {
    const terminal = fakeTerminal({ unicode: true });
    const view = trainView(terminal, '/runs/a', () => 0);
    const phase = { v: 1, time: '', type: 'phase', phase: 'compile' } as const;
    view.show({ ...phase, state: 'begin' });
    expect(screen(terminal.text())).toEqual(['Compiling the graph …']);
    view.show({ ...phase, state: 'end', seconds: 2.25 });
    expect(screen(terminal.text())).toEqual(['Compiling the graph: 2.3 s', '']);
  });
});

describe('warnings', () => {
  it('come with what to do, wrapped', () => {
    const terminal = fakeTerminal({ live: false, color: true });
    const view = trainView(terminal, '/runs/a');
    view.show({
      v: 1,
      time: '',
      type: 'warning',
      code: 'truncated',
      message: 'Cut off: 12 records.',
      hint: 'Raise max_length.',
    });
    expect(terminal.text()).toBe('\u001b[33mwarning:\u001b[39m Cut off: 12 records.\n  Raise max_length.\n');
  });
  it('keep the lines of a message', () => {
    expect(noteText('error:', 'One.\nTwo.', 'Do.')).toBe('error: One.\n  Two.\n  Do.');
  });
});

describe('the end of a run', () => {
  it('says what the last answers were worth, and those before the first step', () => {
    const answers = { answers: 20, samples: [] };
    const events = [
      started(),
      { ...evaluation(0, 3), metrics: { f1: 0.1 }, ...answers },
      { ...evaluation(20, 2), metrics: { f1: 0.8 }, ...answers },
      evaluation(30, 1.9),
    ];
    const numbers = { loss: 2, validationLoss: 1.9, bestStep: 30, trainedTokens: 9, peakMemoryBytes: 0 };
    const body = { type: 'completed', adapter: '/a', step: 30, seconds: 1, metrics: numbers } as const;
    const final = { v: 1, time: '2026-01-01T00:00:00.000Z', ...body } as const;
    expect(endText(final, events)).toMatch(
      / At step 20 of 20 answers: Token F1 80\.0 % \(10\.0 % before the first step\)\.$/,
    );
    expect(endText(final, events.slice(3))).not.toContain('answers');
  });
});

describe('overfitting', () => {
  it('is named with the numbers, when the validation loss has risen', () => {
    expect(overfittingNote(sampleRun())).toMatch(
      /^The validation loss rose from 0\.729 at step 105 to 0\.856 at the end/,
    );
    expect(overfittingNote([evaluation(1, 3), evaluation(2, 2), evaluation(3, 2.01)])).toBeUndefined();
  });
});
