import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/lib/run.mjs';
import { type HubServer, serveHub } from '../hub/hub-server';
import { openWindow, type Window } from './lib/window';

const MODEL = 'acme/tickets-base';
const COMMIT = 'b'.repeat(40);

/** Choosing a base model, with a hub of our own. One story; each test goes on where the one before ended. */
describe('the base model, in VS Code', () => {
  let server: HubServer;
  let home: string;
  let window: Window;

  beforeAll(async () => {
    const base = join(root, 'media', 'sample', 'base');
    const files = Object.fromEntries(readdirSync(base).map((name) => [name, readFileSync(join(base, name))]));
    server = await serveHub({
      [MODEL]: { commit: COMMIT, files, licence: 'mit' },
      'acme/closed': { commit: COMMIT, files, gatedFor: 'somebody' },
    });
    home = mkdtempSync(join(tmpdir(), 'fine-tune-hub-'));
    Object.assign(process.env, { HF_HOME: home, HF_ENDPOINT: server.hub.origin });
    window = await openWindow('dark');
    // By then its commands are known.
    await window.openFile('train.jsonl');
    await window.statusBar(/JSON Lines/).waitFor();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await window.screenshot(`failed-${task.name.replaceAll(/\W+/g, '-')}`);
  });
  afterAll(async () => {
    await window?.close();
    await server?.close();
    rmSync(home, { recursive: true, force: true });
  });

  const askFor = async (id: string): Promise<void> => {
    await window.runCommand('Fine-tune: Choose Base Model');
    await window.pick('Choose base model', 'Another model');
    const input = window.page.locator('.quick-input-widget input');
    await window.page.locator('.quick-input-title', { hasText: 'Model of the Hugging Face hub' }).waitFor();
    await input.fill(id);
    await window.page.keyboard.press('Enter');
  };

  it('offers models with their size, licence and memory', async () => {
    await window.runCommand('Fine-tune: Choose Base Model');
    const list = window.page.locator('.quick-input-list');
    await list.getByText('SmolLM2-135M-Instruct').first().waitFor();
    expect(await list.innerText()).toMatch(/269 MB download · Apache 2\.0 licence · about 2 GB of memory/);
    await window.screenshot('choose-model');
    await window.page.keyboard.press('Escape');
  });

  it('fetches a model by its id after a question, and writes it into finetune.json', async () => {
    await askFor(MODEL);
    const dialog = window.page.locator('.monaco-dialog-box');
    await dialog.getByText('Licence: mit').waitFor();
    await window.screenshot('download-question');
    await window.answerDialog(`Download ${MODEL}?`, 'Download');
    await window.notification(/The base model is tickets-base/).waitFor();
    const written: unknown = JSON.parse(readFileSync(join(window.workspace, 'finetune.json'), 'utf8'));
    expect(written).toMatchObject({ model: MODEL, train_file: 'train.jsonl' });
    expect(readdirSync(join(home, 'hub', `models--acme--tickets-base`, 'snapshots'))).toEqual([COMMIT]);
  });

  it('lists it from then on, and trains it without the hub', async () => {
    await server.hub.close();
    await window.runCommand('Fine-tune: Choose Base Model');
    const list = window.page.locator('.quick-input-list');
    await list.getByText(MODEL).first().waitFor();
    expect(await list.innerText()).toMatch(/2 MB · llama/);
    await window.screenshot('downloaded-model');
    await window.page.keyboard.press('Escape');
    await window.runCommand('Fine-tune: Train');
    await window.page.locator('.monaco-dialog-box').getByText(`Model: ${MODEL}`).waitFor();
    await window.screenshot('train-downloaded-model');
    await window.answerDialog('train.jsonl?', 'Cancel');
  });

  it('says that the hub cannot be reached', async () => {
    await askFor('acme/closed');
    await window.notification(/cannot be reached \(ECONNREFUSED\)/).waitFor();
  });
});
