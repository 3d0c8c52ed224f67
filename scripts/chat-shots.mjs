// Pictures of the chat in every state, theme and width, without VS Code, and what its controls do.
// Usage: node scripts/chat-shots.mjs [scene …]; pictures go to artifacts/chat/.
import { join } from 'node:path';
import { bundlePage, openBrowser, openPage, servePage } from './lib/pictures.mjs';

const THEMES = ['dark', 'light', 'hc'];
const WIDTHS = [1000, 420];
const QUESTION = 'Where is my parcel? It was promised for Monday, and today is Thursday. Order 48213.';

/** @typedef {import('playwright-core').Page} Page */

/** @param {Page} page @param {string} text */
async function say(page, text) {
  await page.fill('#message', text);
  await page.press('#message', 'Enter');
}
/** @param {Page} page */
async function talk(page) {
  await say(page, QUESTION);
  await page.locator('.answer .caption', { hasText: 'tokens/s' }).first().waitFor();
  await say(page, 'Thanks!\nAnd where do I see that?');
}

const SCENES = [
  { name: 'ready', themes: THEMES, widths: WIDTHS },
  { name: 'loading', themes: ['dark'], widths: WIDTHS },
  { name: 'talk', themes: THEMES, widths: [1000, 560, 320], before: talk },
  {
    name: 'writing',
    themes: ['dark', 'light'],
    widths: WIDTHS,
    before: (/** @type {Page} */ page) => say(page, QUESTION),
  },
  { name: 'single', themes: ['dark'], widths: WIDTHS, before: talk },
  { name: 'settings', scene: 'talk', themes: THEMES, widths: WIDTHS, before: setUp },
  { name: 'saving', scene: 'talk', themes: THEMES, widths: WIDTHS, before: save },
  { name: 'editing', scene: 'talk', themes: ['dark', 'light'], widths: [1000], before: edit },
  { name: 'unloaded', themes: THEMES, widths: WIDTHS },
  { name: 'closed', themes: ['dark', 'light'], widths: WIDTHS },
  { name: 'toolong', scene: 'talk', themes: ['dark'], widths: WIDTHS, before: tooLong },
  {
    name: 'nothing',
    scene: 'talk',
    themes: ['dark'],
    widths: [1000],
    before: (/** @type {Page} */ page) => say(page, 'Nothing.'),
  },
];

/** @param {Page} page */
async function setUp(page) {
  await talk(page);
  await page.click('[data-key=settings]');
  await page.fill('#system', 'You are a friendly agent of the support of a shop.\nAnswer in JSON.');
  await page.fill('#sampling-temperature', '0.2');
  await page.fill('#sampling-topP', '7');
  await page.focus('#sampling-topK');
}
/** @param {Page} page */
async function save(page) {
  await talk(page);
  await page.click('[data-key=save-1-tuned]');
}
/** @param {Page} page */
async function edit(page) {
  await talk(page);
  await page.click('[data-key=edit-0]', { force: true });
}
/** @param {Page} page */
async function tooLong(page) {
  await page.evaluate(() => {
    const input = /** @type {HTMLTextAreaElement} */ (document.querySelector('#message'));
    input.value = 'parcel '.repeat(15_000);
  });
  await page.press('#message', 'Enter');
}

const wanted = process.argv.slice(2);
const { out, files, html } = await bundlePage({
  name: 'chat',
  entry: 'src/webview/app/chat/main.ts',
  harness: 'test/webview/app/chat-harness.ts',
});
const server = await servePage('chat', files, html.chatHtml);
const browser = await openBrowser();
/** @type {string[]} */
const problems = [];
/** @param {string} what @param {unknown} found @param {unknown} expected */
function compare(what, found, expected) {
  if (JSON.stringify(found) !== JSON.stringify(expected)) problems.push(`${what}: ${JSON.stringify(found)}`);
}

/** What a press of each control asks of the models and of the extension. */
async function press() {
  const page = await openPage(browser, { name: 'press', width: 1000, problems });
  await page.goto(`${server.address}?scene=talk&theme=dark`);
  await setUp(page);
  const sent = () =>
    page.evaluate(() =>
      window.chat.requests.map((one) =>
        one.type === 'send' ? [one.side, one.messages.length, one.sampling.temperature, one.sampling.seed] : one.type,
      ),
    );
  compare('two messages', await sent(), [
    ['tuned', 1, 0.8, 0],
    ['base', 1, 0.8, 0],
    ['tuned', 3, 0.8, 0],
    ['base', 3, 0.8, 0],
  ]);
  await page.click('[data-key=again-1-base]');
  compare('again', (await sent()).slice(4), [['base', 4, 0.2, 1]]);
  await page.click('[data-key=shown-tuned]');
  await page.click('[data-key=edit-0]', { force: true });
  await page.fill('[data-key=editor-0]', 'Where is it?');
  await page.press('[data-key=editor-0]', 'Enter');
  compare('edit', (await sent()).slice(5), [['tuned', 2, 0.2, 0]]);
  compare('turns', await page.locator('.turn').count(), 1);
  await page.click('[data-key=save-0-tuned]');
  await page.fill('[data-key=saver]', 'A better answer.');
  await page.click('[data-key=saver-accept]');
  await page.locator('.said', { hasText: 'line 57' }).waitFor();
  const [saved] = await page.evaluate(() => window.chat.saved);
  compare('saved', [saved?.answer, saved?.messages.map(({ role }) => role)], ['A better answer.', ['system', 'user']]);
  compare('saver', await page.locator('[data-key=saver]').count(), 0);
  await page.click('[data-key=copy-0-tuned]');
  compare('copied', (await page.evaluate(() => window.chat.copied))[0]?.slice(0, 10), '{"category');
  await page.press('#message', 'Shift+Enter');
  compare('new line', await page.inputValue('#message'), '\n');
  await page.click('[data-key=clear]');
  compare('cleared', await page.locator('.turn').count(), 0);
  await page.goto(`${server.address}?scene=writing&theme=dark`);
  await say(page, QUESTION);
  await page.click('[data-key=stop]');
  compare('stop', (await sent()).slice(2), ['cancel', 'cancel']);
  await page.close();
}

try {
  for (const { name, scene = name, themes, widths, before } of SCENES) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const theme of themes)
      for (const width of widths) {
        const page = await openPage(browser, { name, width, problems });
        await page.goto(`${server.address}?scene=${scene}&theme=${theme}`);
        await page.evaluate(() => document.fonts.ready);
        await page.waitForTimeout(300);
        await before?.(page);
        await page.waitForTimeout(300);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > width) problems.push(`${name} ${theme} ${width}: ${wide} px wide`);
        await page.screenshot({ path: join(out, `${name}-${theme}-${width}.png`) });
        await page.close();
      }
  }
  if (wanted.length === 0 || wanted.includes('press')) await press();
} finally {
  await browser.close();
  server.close();
}
for (const problem of problems) console.error(problem);
console.log(`Pictures are in ${out}.`);
process.exitCode = problems.length > 0 ? 1 : 0;
