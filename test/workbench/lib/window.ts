import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type FrameLocator, type Locator, type Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import { startCodeServer } from '../../../scripts/lib/code-server.mjs';
import { copySample, installUnpacked } from '../../../scripts/lib/extension-folder.mjs';
import { ensureKit } from '../../../scripts/lib/kit.mjs';
import { root, run } from '../../../scripts/lib/run.mjs';
import { ensureChromium } from '../../../scripts/lib/system.mjs';

/** Labels of the theme picker, and the class that VS Code gives its window under each. */
const THEMES = {
  dark: { label: 'Dark Modern', kind: 'vs-dark' },
  light: { label: 'Light Modern', kind: 'vs' },
  'high-contrast': { label: 'Dark High Contrast', kind: 'hc-black' },
} as const;
export type Theme = keyof typeof THEMES;

/** A window of a real VS Code with the extension in it, driven as a user drives it. */
export interface Window {
  readonly page: Page;
  /** The folder that is open: a copy of the sample. */
  readonly workspace: string;
  openFile(name: string): Promise<void>;
  /** Puts the cursor of the editor on a place; both are 1-based. */
  goTo(line: number, column: number): Promise<void>;
  /** Picks a command by its full title in the palette, for example `Fine-tune: Train`. */
  runCommand(title: string): Promise<void>;
  /** Answers the quick pick whose title is given; `label` is the start of the row. */
  pick(title: string, label: string): Promise<void>;
  /** Presses a button of the modal dialog that holds this text. */
  answerDialog(text: string | RegExp, button: string): Promise<void>;
  /** Answers the dialog that asks for a file or, with a slash at the end, a folder. */
  answerFileDialog(file: string): Promise<void>;
  notification(text: string | RegExp): Locator;
  statusBar(text: string | RegExp): Locator;
  /** The page of the one webview that is visible. */
  webview(): FrameLocator;
  setTheme(theme: Theme): Promise<void>;
  reload(): Promise<void>;
  /** Keeps a picture in artifacts/workbench, numbered in the order of the story. */
  screenshot(name: string): Promise<void>;
  close(): Promise<void>;
}

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

export interface OpenOptions {
  /** Is given the extensions folder, with ours in it, before the server starts. */
  readonly prepare?: (extensions: string) => Promise<void>;
}

/** Starts a server with the extension in it and opens a fresh copy of the sample. */
export async function openWindow(theme: Theme, options: OpenOptions = {}): Promise<Window> {
  const executablePath = await ensureChromium();
  const kit = await ensureKit();
  const home = mkdtempSync(join(tmpdir(), 'fine-tune-workbench-'));
  const workspace = join(home, 'sample');
  copySample(workspace);
  installUnpacked(join(home, 'extensions'));
  await options.prepare?.(join(home, 'extensions'));
  const server = await startCodeServer({
    kit,
    home,
    workspace,
    settings: {
      'workbench.colorTheme': THEMES[theme].label,
      'workbench.startupEditor': 'none',
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
      'chat.disableAIFeatures': true,
      'window.autoDetectColorScheme': false,
      'window.autoDetectHighContrast': false,
      'window.dialogStyle': 'custom',
      // A picture taken while something fades in shows neither state.
      'workbench.reduceMotion': 'on',
    },
  });
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const pictures = join(root, 'artifacts', 'workbench');
  mkdirSync(pictures, { recursive: true });
  let pictureCount = 0;

  const load = async (): Promise<void> => {
    await page.locator('.monaco-workbench').waitFor();
    await page.locator('.explorer-folders-view, .pane-body').first().waitFor();
    await page.locator('.statusbar-item').first().waitFor();
  };
  await page.goto(server.url);
  await load();

  const input = page.locator('.quick-input-widget input[type=text]');
  const row = (label: RegExp): Locator =>
    page.locator('.quick-input-list .monaco-list-row').filter({ has: page.locator('.label-name', { hasText: label }) });

  const runCommand = async (title: string): Promise<void> => {
    await page.keyboard.press('F1');
    await input.fill(`>${title}`);
    await row(exactly(title)).first().click();
  };

  const pick = async (title: string, label: string): Promise<void> => {
    await page.locator('.quick-input-title', { hasText: title }).waitFor();
    await row(startingWith(label)).first().click();
  };

  return {
    page,
    workspace,
    runCommand,
    pick,
    openFile: async (name) => {
      // A file that was written a moment ago is not in every list of files yet.
      const find = async (): Promise<void> => {
        await page.keyboard.press('Escape');
        await page.keyboard.press('Control+P');
        await input.fill(name);
        await row(exactly(name)).first().click({ timeout: 5000 });
      };
      await vi.waitFor(find, { timeout: 60_000 });
      await page.locator('.tab.active', { hasText: name }).waitFor();
    },
    goTo: async (line, column) => {
      await page.keyboard.press('Control+P');
      await input.fill(`:${line}:${column}`);
      await page
        .locator('.quick-input-list .monaco-list-row', { hasText: /Press|Go to/ })
        .first()
        .waitFor();
      await page.keyboard.press('Enter');
      await page.locator('.statusbar-item', { hasText: `Ln ${line}, Col ${column}` }).waitFor();
    },
    answerFileDialog: async (file) => {
      // The dialog writes the folder first, and the proposed name after it has looked at the folder.
      await expect.poll(() => input.inputValue()).toMatch(/^\/.*(\.jsonl|\/)$/);
      await page.waitForTimeout(300);
      await input.fill(file);
      await expect.poll(() => input.inputValue()).toBe(file);
      // Where it still looks at a folder, the first Enter only goes into it.
      const isOpen = async (): Promise<boolean> => {
        if (!(await input.isVisible())) return false;
        await page.keyboard.press('Enter');
        return true;
      };
      await expect.poll(isOpen, { interval: 1000 }).toBe(false);
    },
    answerDialog: async (text, button) => {
      const dialog = page.locator('.monaco-dialog-box', { hasText: text });
      await dialog.getByRole('button', { name: button, exact: true }).click();
      await dialog.waitFor({ state: 'hidden' });
    },
    notification: (text) => page.locator('.notification-list-item', { hasText: text }),
    statusBar: (text) => page.locator('.statusbar-item', { hasText: text }),
    webview: () => page.frameLocator('iframe.webview:visible').frameLocator('iframe#active-frame'),
    setTheme: async (wanted) => {
      const { label, kind } = THEMES[wanted];
      await runCommand('Preferences: Color Theme');
      await page.locator('.quick-input-widget input[placeholder^="Select Color Theme"]').fill(label);
      await row(exactly(label)).first().click();
      await page.locator(`.monaco-workbench.${kind}`).waitFor();
    },
    reload: async () => {
      await runCommand('Developer: Reload Window');
      // The old page is still there for a moment; only a new document has no workbench yet.
      await page.locator('.monaco-workbench').waitFor({ state: 'detached' });
      await load();
    },
    screenshot: async (name) => {
      const number = String(++pictureCount).padStart(2, '0');
      await page.screenshot({ path: join(pictures, `${number}-${name}.png`) });
    },
    close: async () => {
      await browser.close();
      await server.stop();
      await stopTrainers(workspace);
      copyFileSync(join(home, 'code-server.log'), join(pictures, 'code-server.log'));
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Trainers outlive the window on purpose; one that a failed test left behind would train on for half an hour. */
async function stopTrainers(workspace: string): Promise<void> {
  const runs = join(workspace, '.finetune', 'runs');
  const names = existsSync(runs) ? readdirSync(runs).filter((name) => !name.startsWith('.')) : [];
  for (const name of names)
    await run(process.execPath, [join(root, 'dist', 'cli.js'), 'stop', join(runs, name)], { capture: true });
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const exactly = (text: string): RegExp => new RegExp(`^\\s*${escaped(text)}\\s*$`);
const startingWith = (text: string): RegExp => new RegExp(`^\\s*${escaped(text)}`);
