import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { root, run } from '../../scripts/lib/run.mjs';
import { openWindow, type Window } from './lib/window';

/** What a user does with a model that was trained. The tests are one story in one window. */
describe('a trained model in VS Code', () => {
  let window: Window;

  beforeAll(async () => {
    window = await openWindow('dark');
    const records = readFileSync(join(window.workspace, 'validation.jsonl'), 'utf8').split('\n').slice(0, 6);
    writeFileSync(join(window.workspace, 'short.jsonl'), `${records.join('\n')}\n`);
    const quick = ['--max-steps', '12', '--learning-rate', '3e-3', '--eval-steps', '6'];
    const train = ['train', '--config', 'finetune.json', '--validation-file', 'short.jsonl', ...quick];
    const cli = join(root, 'dist', 'cli.js');
    const { code, output } = await run(process.execPath, [cli, ...train], { cwd: window.workspace, capture: true });
    expect(code, output).toBe(0);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await window.screenshot(`failed-${task.name.replaceAll(/\W+/g, '-')}`);
  });
  afterAll(() => window?.close());

  it('is compared with its base from the dashboard, and the report opens', async () => {
    await window.openFile('short.jsonl');
    await window.page.getByText('Train', { exact: true }).waitFor();
    await window.runCommand('Fine-tune: Open Dashboard');
    await window.webview().getByRole('button', { name: 'Evaluate' }).click();
    await window.pick(': data', 'The validation data of the run');
    await window.pick(': metrics', 'What suits the data');
    await window.page.locator('.tab.active', { hasText: 'Evaluation: ' }).waitFor();
    await expect.poll(() => existsSync(reportFile()), { timeout: 100_000 }).toBe(true);
    const page = evaluation();
    await page.locator('.results').first().waitFor();
    const report = JSON.parse(readFileSync(reportFile(), 'utf8')) as { metrics: { title: string }[] };
    for (const { title } of report.metrics) await page.getByRole('rowheader', { name: title }).first().waitFor();
    await expect.poll(() => page.locator('.prediction').count()).toBeGreaterThan(0);
    await window.screenshot('evaluation-dark');
    await window.runCommand('View: Toggle Primary Side Bar Visibility');
    for (const theme of ['light', 'high-contrast'] as const) {
      await window.setTheme(theme);
      await window.page.waitForTimeout(300);
      await window.screenshot(`evaluation-${theme}`);
    }
    await window.setTheme('dark');
  });

  it('shows the rows that are asked for, and where one comes from', async () => {
    const page = evaluation();
    await page.getByRole('button', { name: /^All/ }).click();
    await expect.poll(() => page.locator('.prediction').count()).toBe(6);
    await page.getByRole('button', { name: 'line 3', exact: true }).click();
    await window.page.locator('.tab.active', { hasText: 'short.jsonl' }).waitFor();
    await window.page.locator('.statusbar-item', { hasText: 'Ln 3, Col 1' }).waitFor();
    await window.screenshot('evaluation-line');
  });

  it('is listed with its evaluation on the dashboard', async () => {
    await window.runCommand('View: Close All Editors');
    await window.runCommand('Fine-tune: Open Dashboard');
    await window
      .webview()
      .getByRole('button', { name: /validation.*Perplexity/ })
      .click();
    await window.page.locator('.tab.active', { hasText: 'Evaluation: ' }).waitFor();
    await window.screenshot('evaluation-listed');
  });

  function evaluation(): ReturnType<Window['webview']> {
    return window.page
      .frameLocator('.editor-instance iframe, iframe.webview:visible >> nth=-1')
      .frameLocator('iframe#active-frame');
  }

  function reportFile(): string {
    const runs = join(window.workspace, '.finetune', 'runs');
    const name = readdirSync(runs).find((each) => !each.startsWith('.'));
    return join(runs, name ?? '', 'evaluation', 'validation.json');
  }
});
