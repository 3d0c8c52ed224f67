import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
    const page = lastPage();
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
    const page = lastPage();
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

  it('is exported from the dashboard into a folder of its own', async () => {
    const target = join(window.workspace, 'exports');
    mkdirSync(target);
    await window.runCommand('View: Close All Editors');
    await window.runCommand('Fine-tune: Open Dashboard');
    await window.webview().getByRole('button', { name: 'Export' }).click();
    await window.pick('Export ', 'PEFT adapter');
    await window.answerFileDialog(`${target}/`);
    await window.notification(/is exported into .*exports/).waitFor();
    await window.screenshot('export-done');
    const [folder] = readdirSync(target);
    expect(readdirSync(join(target, folder ?? ''))).toEqual(
      expect.arrayContaining(['adapter_config.json', 'adapter_model.safetensors', 'README.md']),
    );
    await window.runCommand('Notifications: Clear All Notifications');
  });

  it('answers beside its base in a chat, in every theme', async () => {
    await window.openFile('short.jsonl');
    await window.runCommand('Fine-tune: Chat with Model');
    await window.pick('Chat with Model', 'support-desk');
    await window.page.locator('.tab.active', { hasText: 'Chat: ' }).waitFor();
    const page = lastPage();
    await expect.poll(() => page.locator('.model.ready').count()).toBe(2);
    await page.getByRole('textbox', { name: 'Message' }).fill('My parcel has not come. What can I do?');
    await page.getByRole('textbox', { name: 'Message' }).press('Enter');
    await expect.poll(() => page.getByText(/tokens.*tokens\/s/).count()).toBe(2);
    for (const side of ['base', 'tuned'])
      await expect(page.locator(`.answer.${side}`).innerText()).resolves.toMatch(/\w/);
    await window.screenshot('chat-dark');
    for (const theme of ['light', 'high-contrast'] as const) {
      await window.setTheme(theme);
      await window.page.waitForTimeout(300);
      await window.screenshot(`chat-${theme}`);
    }
    await window.setTheme('dark');
  });

  it('gives a good answer to a data file that is open, where it can be undone', async () => {
    const page = lastPage();
    const before = readFileSync(join(window.workspace, 'short.jsonl'), 'utf8');
    const added = (): string => readFileSync(join(window.workspace, 'short.jsonl'), 'utf8').slice(before.length);
    await page.locator('.answer.tuned').getByText('Add to dataset').click();
    await page.getByRole('textbox', { name: 'Answer to learn from' }).fill('I will look after it at once.');
    await window.screenshot('chat-save');
    await page.getByRole('button', { name: 'Add to dataset…' }).click();
    await window.pick('Add to dataset', 'short.jsonl');
    await page.getByText('Added to short.jsonl as line 7.').waitFor();
    await expect.poll(added).toContain('I will look after it at once.');
    const { messages } = JSON.parse(added()) as { messages: { role: string; content: string }[] };
    expect(messages.slice(-2).map(({ role }) => role)).toEqual(['user', 'assistant']);
    await window.page.locator('.tab', { hasText: 'short.jsonl' }).click();
    await window.runCommand('Undo');
    await window.runCommand('File: Save');
    await expect.poll(added).toBe('');
  });

  /** The page in the editor; the dashboard may show beside it. */
  function lastPage(): ReturnType<Window['webview']> {
    return window.page
      .frameLocator('.editor-instance iframe, iframe.webview:visible >> nth=-1')
      .frameLocator('iframe#active-frame');
  }

  function runName(): string {
    return readdirSync(join(window.workspace, '.finetune', 'runs')).find((each) => !each.startsWith('.')) ?? '';
  }

  function reportFile(): string {
    return join(window.workspace, '.finetune', 'runs', runName(), 'evaluation', 'validation.json');
  }
});
