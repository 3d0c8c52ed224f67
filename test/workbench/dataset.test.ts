import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openWindow, type Window } from './lib/window';

interface Message {
  role: string;
  content: string;
}

/** Training data under the hands of a user. The tests are one story in one window. */
describe('training data in VS Code', () => {
  let window: Window;

  beforeAll(async () => {
    window = await openWindow('dark');
    writeFileSync(path('tickets.jsonl'), `${spoilt(records('train.jsonl')).map(line).join('\n')}\n`);
    mkdirSync(path('parts'));
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await window.screenshot(`failed-${task.name.replaceAll(/\W+/g, '-')}`);
  });
  afterAll(() => window?.close());

  it('says above the first line and in the status bar how the file is', async () => {
    await window.openFile('tickets.jsonl');
    await expect
      .poll(() => lensText())
      .toMatch(/^12 examples · 2 errors · 4 warnings · 2\.\dk tokens \(\d\d % trained\)/);
    await expect.poll(() => window.statusBar('2 errors').isVisible()).toBe(true);
    await window.screenshot('dataset-findings-dark');
    await inOtherThemes('dataset-findings');
  });

  it('marks each finding where it is, and names its rule', async () => {
    await window.runCommand('Problems: Focus on Problems View');
    const problem = problemRow('unknown-role').first();
    await problem.waitFor();
    expect(await problem.innerText()).toMatch(/Unknown role "human"[^]*Ln 2, Col 91/);
    await expect.poll(() => problemRow('duplicate-example').innerText()).toMatch(/line 1[^]*Ln 4, Col 1/);
    await window.page.locator('.markers-panel .monaco-list-row', { hasText: 'The first record of this' }).waitFor();
    await window.screenshot('dataset-problems');
    await window.runCommand('View: Toggle Panel Visibility');
  });

  it('tells what a record is made of, and links a finding to its rule', async () => {
    await window.goTo(2, 94);
    await showHover();
    const hover = window.page.locator('.monaco-hover:visible');
    await expect.poll(() => hover.innerText()).toMatch(/Record 2 of 12 · chat/);
    await window.screenshot('dataset-hover');
    await hover.locator('a', { hasText: 'unknown-role' }).click();
    await window.page.locator('.tab.active', { hasText: 'rules.md' }).waitFor();
    await lineText(/^###\sunknown-role$/).waitFor();
    await window.screenshot('dataset-rules');
    await window.runCommand('View: Close Editor');
    await window.goTo(6, 200);
    await showHover();
    await expect
      .poll(() => hover.innerText())
      .toMatch(/Record 6 of 12 · chat · 11 turns[^]*Cut off at 384 tokens: \d+ are lost/);
    // Hovers fade in even where motion is reduced.
    await window.page.waitForTimeout(300);
    await window.screenshot('dataset-hover-cut');
    await window.page.keyboard.press('Escape');
  });

  it('mends one finding from the light bulb', async () => {
    await window.goTo(2, 94);
    await window.page.keyboard.press('Control+.');
    await action('Write "user"').waitFor();
    await window.screenshot('dataset-light-bulb');
    await action('Write "user"').click();
    await expect.poll(() => lensText()).toMatch(/^12 examples · 1 error · 4 warnings/);
    await save();
    await expect.poll(() => messagesOf('tickets.jsonl', 1)[1]?.role).toBe('user');
  });

  it('mends all that is safe to mend', async () => {
    await window.runCommand('Source Action...');
    await action('Fix all safe problems in this file').click();
    await expect.poll(() => lensText()).toMatch(/^12 examples · 3 warnings/);
    await save();
    await expect.poll(() => readLines('tickets.jsonl').length).toBe(12);
    await window.screenshot('dataset-fixed');
  });

  it('shows the tokens of a record behind it, and an outline', async () => {
    await window.runCommand('View: Toggle Word Wrap');
    await lineText(/\d+\stokens$/)
      .first()
      .waitFor();
    await window.goTo(7, 1);
    await lineText(/\d+\stokens,\s\d+\scut\soff$/).waitFor();
    await window.runCommand('Explorer: Focus on Outline View');
    const first = window.page.locator('.outline-tree .monaco-list-row').first();
    await expect.poll(() => first.innerText()).toMatch(/I write because of the Valno[^]*line 1 · 3 turns · \d+ tokens/);
    await window.screenshot('dataset-outline');
    await window.runCommand('View: Toggle Word Wrap');
  });

  it('offers the roles of the format', async () => {
    const role = readLines('tickets.jsonl')[2]!.indexOf('"user"');
    await window.goTo(3, role + 2);
    await window.page.keyboard.press('Control+Space');
    const offered = window.page.locator('.suggest-widget .monaco-list-row');
    await expect.poll(async () => (await offered.allInnerTexts()).join(' ')).toMatch(/system.*user.*assistant/s);
    await window.screenshot('dataset-completion');
    await window.page.keyboard.press('Escape');
  });

  it('counts along while the user types', async () => {
    await window.goTo(3, 1);
    await window.page.keyboard.press('Delete');
    await expect.poll(() => lensText()).toMatch(/ · 1 error · /);
    await window.page.keyboard.press('Control+Z');
    await expect.poll(() => lensText()).not.toMatch(/error/);
    await save();
  });

  it('shows a record as the model sees it, and follows the cursor', async () => {
    await window.goTo(1, 1);
    await window.page.locator('.codelens-decoration a', { hasText: 'Preview' }).click();
    const page = window.webview();
    await expect.poll(() => page.locator('h1').innerText()).toBe('Line 1 of tickets.jsonl');
    await expect.poll(() => page.locator('.legend').innerText()).toMatch(/\d+\s+trained[^]*\d+\s+masked/);
    await window.screenshot('dataset-preview-dark');
    await window.goTo(3, 1);
    await expect.poll(() => page.locator('h1').innerText()).toBe('Line 3 of tickets.jsonl');
    await page.getByRole('button', { name: 'Record after this one' }).click();
    await expect.poll(() => page.locator('h1').innerText()).toBe('Line 4 of tickets.jsonl');
    await page.getByRole('button', { name: 'Next cut off' }).click();
    await expect.poll(() => page.locator('h1').innerText()).toBe('Line 6 of tickets.jsonl');
    await expect.poll(() => page.locator('.legend').innerText()).toMatch(/[1-9]\d*\s+cut off/);
    await window.screenshot('dataset-preview-cut');
    await inOtherThemes('dataset-preview');
  });

  it('opens a record as readable JSON and writes it back', async () => {
    await window.page.locator('.tab', { hasText: 'tickets.jsonl' }).first().click();
    await window.runCommand('View: Close Editors in Other Groups');
    await window.goTo(5, 1);
    await window.runCommand('Fine-tune: Edit Record as Formatted JSON');
    const peek = window.page.locator('.peekview-widget');
    await peek.locator('.view-line', { hasText: '"role": "system"' }).waitFor();
    await window.screenshot('dataset-edit-record');
    await peek.locator('.view-line', { hasText: '"messages"' }).click();
    await window.page.keyboard.press('Control+F');
    await window.page.keyboard.type('Hello.');
    await window.page.keyboard.press('Escape');
    await window.page.keyboard.type('Good morning.');
    await save();
    await expect.poll(() => messagesOf('tickets.jsonl', 4)[1]?.content).toBe('Good morning.');
    await window.page.keyboard.press('Escape');
    await peek.waitFor({ state: 'hidden' });
  });

  it('changes the severity of a rule from the light bulb', async () => {
    await window.goTo(5, 150);
    await window.page.keyboard.press('Control+.');
    await action('Change the severity of "repeated-role"').click();
    await window.pick('Severity of "repeated-role"', 'information');
    await window.goTo(1, 1);
    await expect.poll(() => lensText()).toMatch(/ · 2 warnings · /);
    const settings = readFileSync(path('.vscode/settings.json'), 'utf8');
    expect(JSON.parse(settings)).toMatchObject({ 'fine-tune.rules': { 'repeated-role': 'information' } });
  });

  it('checks a whole file from the disk', async () => {
    await window.runCommand('Fine-tune: Check Dataset File');
    await window.notification(/tickets\.jsonl: 12 examples, \d findings/).waitFor({ timeout: 30_000 });
    await window.screenshot('dataset-checked');
  });

  it('shows the statistics of the file', async () => {
    await window
      .notification(/tickets\.jsonl: 12 examples/)
      .getByRole('button', { name: 'Statistics' })
      .click();
    const page = window.webview();
    await expect.poll(() => page.locator('h1').innerText()).toBe('tickets.jsonl');
    await page.locator('.drawing svg').waitFor();
    await window.screenshot('dataset-statistics-dark');
    await inOtherThemes('dataset-statistics');
    await window.runCommand('View: Close Editor');
  });

  it('checks whether a service would take the file', async () => {
    await window.openFile('tickets.jsonl');
    await window.runCommand('Fine-tune: Check Dataset for a Service');
    await window.pick('Check for a service', 'OpenAI');
    await window.notification(/tickets\.jsonl: 12 examples[^]*OpenAI/).waitFor();
    await window.screenshot('dataset-service');
  });

  it('removes copies, converts and splits without touching the file', async () => {
    const before = readFileSync(path('tickets.jsonl'), 'utf8');
    await window.openFile('tickets.jsonl');
    await window.runCommand('Fine-tune: Remove Duplicates');
    await window.pick('Remove duplicates of tickets.jsonl', 'Exact copies');
    await window.answerFileDialog(path('tickets.unique.jsonl'));
    await window.notification('tickets.unique.jsonl: 11 records of 12').waitFor();
    await window.screenshot('dataset-dedupe');
    await expect.poll(() => readLines('tickets.unique.jsonl').length).toBe(11);

    await window.runCommand('Fine-tune: Convert Dataset');
    await window.pick('Convert tickets.jsonl', 'sharegpt');
    await window.answerFileDialog(path('tickets.sharegpt.jsonl'));
    await expect.poll(() => readLines('tickets.sharegpt.jsonl').length).toBe(12);
    expect(readLines('tickets.sharegpt.jsonl')[0]).toMatch(/^\{"conversations":/);

    await window.runCommand('Fine-tune: Split Dataset');
    await window.page.locator('.quick-input-title', { hasText: 'Split tickets.jsonl' }).waitFor();
    await window.page.keyboard.type('25');
    await window.screenshot('dataset-split');
    await window.page.keyboard.press('Enter');
    await window.answerFileDialog(`${path('parts')}/`);
    await expect.poll(() => readLines('parts/validation.jsonl').length).toBeGreaterThan(0);
    expect(readLines('parts/train.jsonl').length + readLines('parts/validation.jsonl').length).toBe(12);
    await window.screenshot('dataset-results');
    expect(readFileSync(path('tickets.jsonl'), 'utf8')).toBe(before);
  });

  async function inOtherThemes(name: string): Promise<void> {
    for (const theme of ['light', 'high-contrast'] as const) {
      await window.setTheme(theme);
      // The page is told of the new colours after the window has them.
      await window.page.waitForTimeout(300);
      await window.screenshot(`${name}-${theme}`);
    }
    await window.setTheme('dark');
  }

  async function showHover(): Promise<void> {
    await window.page.keyboard.press('Control+K');
    await window.page.keyboard.press('Control+I');
  }

  async function save(): Promise<void> {
    await window.page.keyboard.press('Control+S');
  }

  function lensText(): Promise<string> {
    return window.page.locator('.codelens-decoration').innerText();
  }

  function problemRow(rule: string): Locator {
    return window.page.locator('.markers-panel .monaco-list-row', { hasText: rule });
  }

  function action(title: string): Locator {
    return window.page.locator('.action-widget .monaco-list-row', { hasText: title });
  }

  function lineText(text: RegExp): Locator {
    return window.page.locator('.view-line', { hasText: text });
  }

  function path(name: string): string {
    return join(window.workspace, name);
  }

  function readLines(name: string): string[] {
    return readFileSync(path(name), 'utf8').trimEnd().split('\n');
  }

  function messagesOf(name: string, index: number): Message[] {
    return (JSON.parse(readLines(name)[index] ?? '{}') as { messages: Message[] }).messages;
  }

  function records(name: string): Message[][] {
    return readLines(name).map((text) => (JSON.parse(text) as { messages: Message[] }).messages);
  }
});

/** Twelve lines with something to find in most of the first eight; the eighth is blank. */
function spoilt(good: readonly (readonly Message[])[]): Message[][] {
  const record = (index: number): Message[] => good[index]!.map((message) => ({ ...message }));
  const misspelt = record(1);
  misspelt[1]!.role = 'human';
  const spaced = record(2);
  spaced[2]!.content += '\n';
  const repeated = record(3);
  repeated.splice(1, 0, { role: 'user', content: 'Hello.' });
  const long = [...record(4), ...[5, 6, 7, 8].flatMap((index) => record(index).slice(1))];
  const other = record(9);
  other[1]!.role = 'human';
  const first = [record(0), misspelt, spaced, record(0), repeated, long, other];
  return [...first, [], ...[10, 11, 12, 13, 14].map(record)];
}

function line(messages: readonly Message[]): string {
  return messages.length === 0 ? '' : JSON.stringify({ messages });
}
