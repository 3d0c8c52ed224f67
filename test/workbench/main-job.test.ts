import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openWindow, type Window } from './lib/window';

/** The main job as a user sees it. The tests are one story in one window; each goes on where the one before ended. */
describe('from a dataset to a trained adapter, in VS Code', () => {
  let window: Window;

  beforeAll(async () => {
    window = await openWindow('dark');
    // With settings of its own the folder would need no questions.
    rmSync(settingsFile(), { force: true });
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await window.screenshot(`failed-${task.name.replaceAll(/\W+/g, '-')}`);
  });
  afterAll(() => window?.close());

  it('marks a broken record where it is broken', async () => {
    const [first = ''] = readFileSync(join(window.workspace, 'train.jsonl'), 'utf8').split('\n');
    writeFileSync(join(window.workspace, 'broken.jsonl'), `${first}\n${first.slice(0, 60)}\n`);
    await window.openFile('broken.jsonl');
    await window.page.locator('.squiggly-error').first().waitFor();
    await window.runCommand('Problems: Focus on Problems View');
    const problem = window.page.locator('.markers-panel .monaco-list-row', { hasText: 'json-syntax' });
    await problem.waitFor();
    expect(await problem.innerText()).toMatch(/Ln 2, Col/);
    await window.screenshot('diagnostic');
    await window.runCommand('View: Toggle Panel Visibility');
  });

  it('offers to learn the preference where the records are pairs', async () => {
    const [first = ''] = readFileSync(join(window.workspace, 'train.jsonl'), 'utf8').split('\n');
    const { messages } = JSON.parse(first) as { messages: object[] };
    const rejected = [{ role: 'assistant', content: 'No idea, sorry.' }];
    const pair = { prompt: messages.slice(0, -1), chosen: messages.slice(-1), rejected };
    writeFileSync(join(window.workspace, 'pairs.jsonl'), `${JSON.stringify(pair)}\n`.repeat(3));
    await window.openFile('pairs.jsonl');
    await window.runCommand('Fine-tune: Train');
    await window.pick('Train: training data', 'pairs.jsonl');
    await window.page.locator('.quick-input-widget', { hasText: 'Convert the file' }).waitFor();
    await window.screenshot('objective');
    await window.pick('Train: objective', 'Learn the preference (DPO)');
    await window.pick('Train: base model', 'base');
    await window.pick('Train: validation data', 'None');
    await window.pick('Train: method', 'LoRA');
    const dialog = window.page.locator('.monaco-dialog-box');
    await dialog.getByText('Objective: DPO, beta 0.1').waitFor();
    await window.screenshot('objective-confirmation');
    await window.page.keyboard.press('Escape');
    rmSync(join(window.workspace, 'pairs.jsonl'));
  });

  it('asks for what it needs and keeps the answers in finetune.json', async () => {
    await window.openFile('train.jsonl');
    await window.runCommand('Fine-tune: Train');
    await window.pick('Train: training data', 'train.jsonl');
    await window.pick('Train: base model', 'base');
    await window.pick('Train: validation data', 'validation.jsonl');
    await window.pick('Train: method', 'LoRA');
    await window.answerDialog('train.jsonl?', 'Change Settings…');
    await window.page.locator('.tab.active', { hasText: 'finetune.json' }).waitFor();
    await window.screenshot('settings');
    const written = readSettings();
    expect(written).toMatchObject({ model: 'base', train_file: 'train.jsonl', validation_file: 'validation.jsonl' });
    // So that the curve falls within a minute, and lasts longer than this story.
    const quick = { learning_rate: 3e-3, warmup_steps: 5, eval_steps: 20, max_steps: 2000 };
    writeFileSync(settingsFile(), JSON.stringify({ ...written, ...quick }, undefined, 2));
  });

  it('trains from the command palette, after every number was shown', async () => {
    await window.runCommand('Fine-tune: Train');
    const dialog = window.page.locator('.monaco-dialog-box');
    await dialog.getByText('Learning rate: 0.003').waitFor();
    await window.screenshot('confirmation');
    await window.answerDialog('train.jsonl?', 'Start');
    await window.notification(/step \d+ of 2,000/).waitFor({ timeout: 60_000 });
    await window.screenshot('training');
  });

  it('shows the loss as it falls', async () => {
    await window.runCommand('Fine-tune: Open Dashboard');
    await expect.poll(() => step(), { timeout: 60_000 }).toBeGreaterThanOrEqual(3);
    const { loss: early } = await status();
    await expect.poll(() => step(), { timeout: 100_000, interval: 500 }).toBeGreaterThanOrEqual(25);
    const { loss: late } = await status();
    expect(late).toBeLessThan(early * 0.8);
    const dashboard = window.webview();
    await dashboard.locator('canvas').first().waitFor();
    await expect.poll(() => dashboard.locator('body').innerText()).toMatch(/Step\s+\d+\s+of\s+2,000/);
    await window.screenshot('dashboard-dark');
  });

  it('is legible in light and in high contrast', async () => {
    for (const theme of ['light', 'high-contrast'] as const) {
      await window.setTheme(theme);
      await window.runCommand('Fine-tune: Open Dashboard');
      await window.webview().locator('canvas').first().waitFor();
      // The chart is drawn again with the new colours after the page has been told of them.
      await window.page.waitForTimeout(500);
      await window.screenshot(`dashboard-${theme}`);
    }
    await window.setTheme('dark');
  });

  it('finds the running trainer again after the window was reloaded', async () => {
    const before = await step();
    await window.reload();
    await expect.poll(() => step(), { timeout: 60_000 }).toBeGreaterThan(before);
    expect(runFolders()).toHaveLength(1);
    await window.webview().locator('canvas').first().waitFor();
    await window.screenshot('re-attached');
  });

  it('waits when it is paused, also over a reload, and goes on in the same trainer', async () => {
    const trainer = trainerProcess();
    await window.webview().getByRole('button', { name: 'Pause' }).click();
    await window.statusBar(/Paused/).waitFor();
    const paused = runEvents().at(-1);
    expect(paused?.['type']).toBe('paused');
    expect(checkpointOf(Number(paused?.['step']))).toBe(true);
    await window.screenshot('paused');
    await window.reload();
    await window.statusBar(/Paused/).waitFor({ timeout: 60_000 });
    await window.webview().getByRole('button', { name: 'Continue' }).waitFor();
    await window.screenshot('still-paused');
    expect(runEvents().at(-1)).toEqual(paused);
    await window.runCommand('Fine-tune: Continue Training');
    await expect.poll(() => step(), { timeout: 60_000 }).toBeGreaterThan(Number(paused?.['step']));
    await window.webview().getByRole('button', { name: 'Pause' }).waitFor();
    await window.screenshot('continued');
    expect(trainerProcess()).toBe(trainer);
  });

  it('stops when asked, and keeps a checkpoint', async () => {
    await window.runCommand('Fine-tune: Stop Training');
    await window.notification(/Stopped .+ after step \d+/).waitFor();
    await window.screenshot('stopped');
    const events = runEvents();
    const last = events.at(-1);
    expect(last?.['type']).toBe('stopped');
    const checkpoint = String(last?.['checkpoint']);
    expect(existsSync(join(checkpoint, 'COMPLETE'))).toBe(true);
    const losses = events.filter((event) => event['type'] === 'metrics').map((event) => Number(event['loss']));
    expect(mean(losses.slice(-5))).toBeLessThan(mean(losses.slice(0, 5)) * 0.8);
  });

  it('goes on after the step at which it was stopped, in the same run folder', async () => {
    const stoppedAt = Number(runEvents().at(-1)?.['step']);
    await window
      .notification(/Stopped .+ after step \d+/)
      .getByRole('button', { name: 'Resume' })
      .click();
    await expect.poll(() => step(), { timeout: 60_000 }).toBeGreaterThan(stoppedAt);
    await window.screenshot('resumed');
    expect(runFolders()).toHaveLength(1);
    const events = runEvents();
    const starts = events.filter((event) => event['type'] === 'started');
    expect(starts.map((event) => event['resumedFrom'])).toEqual([undefined, stoppedAt]);
    const steps = events.filter((event) => event['type'] === 'metrics').map((event) => Number(event['step']));
    expect(steps).toEqual(steps.map((_, index) => index + 1));
    await window.runCommand('Fine-tune: Stop Training');
    await expect.poll(() => runEvents().at(-1)?.['type'], { timeout: 30_000 }).toBe('stopped');
  });

  it('shows the run after another reload', async () => {
    await window.reload();
    await window.runCommand('Fine-tune: Open Dashboard');
    const dashboard = window.webview();
    await dashboard
      .getByText(/stopped/i)
      .first()
      .waitFor();
    await dashboard.locator('canvas').first().waitFor();
    await window.page.waitForTimeout(500);
    await window.screenshot('found-again');
  });

  it('shows on what it could train here', async () => {
    // The dashboard is a webview too.
    await window.runCommand('View: Toggle Primary Side Bar Visibility');
    await window.runCommand('Fine-tune: Show Devices');
    await window.page.locator('.tab.active', { hasText: 'Devices' }).waitFor({ timeout: 60_000 });
    const devices = window.webview();
    await devices.getByRole('heading', { name: 'Devices to train on' }).waitFor();
    await devices.getByRole('row', { name: /CPU/ }).first().waitFor();
    await window.screenshot('devices-dark');
    for (const theme of ['light', 'high-contrast'] as const) {
      await window.setTheme(theme);
      await devices.getByRole('heading', { name: 'Devices to train on' }).waitFor();
      await window.page.waitForTimeout(500);
      await window.screenshot(`devices-${theme}`);
    }
  });

  /** What the status bar says: `12/150 · 1.230`. */
  async function status(): Promise<{ step: number; loss: number }> {
    const item = window.statusBar(/[\d,]+\/[\d,]+ · \d/);
    if ((await item.count()) === 0) return { step: 0, loss: Number.NaN };
    const [, at = '', loss = ''] = /([\d,]+)\/[\d,]+ · ([\d.]+)/.exec(await item.first().innerText()) ?? [];
    return { step: Number(at.replaceAll(',', '')), loss: Number(loss) };
  }

  async function step(): Promise<number> {
    return (await status()).step;
  }

  function settingsFile(): string {
    return join(window.workspace, 'finetune.json');
  }

  function readSettings(): Record<string, unknown> {
    return JSON.parse(readFileSync(settingsFile(), 'utf8')) as Record<string, unknown>;
  }

  function trainerProcess(): unknown {
    const [folder = ''] = runFolders();
    return (JSON.parse(readFileSync(join(folder, 'process.json'), 'utf8')) as Record<string, unknown>)['processId'];
  }

  function checkpointOf(step: number): boolean {
    const [folder = ''] = runFolders();
    return existsSync(join(folder, 'checkpoints', `step-${String(step).padStart(6, '0')}`, 'COMPLETE'));
  }

  function runFolders(): string[] {
    const runs = join(window.workspace, '.finetune', 'runs');
    return readdirSync(runs, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? join(runs, entry.name) : [],
    );
  }

  function runEvents(): Record<string, unknown>[] {
    const [folder = ''] = runFolders();
    const lines = readFileSync(join(folder, 'events.jsonl'), 'utf8').trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
