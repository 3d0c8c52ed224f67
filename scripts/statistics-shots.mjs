// Pictures of the page of dataset statistics in every state, theme and width, without VS Code.
// Usage: node scripts/statistics-shots.mjs [scene …]; pictures go to artifacts/statistics/.
import { join } from 'node:path';
import { bundlePage, openBrowser, openPage, servePage } from './lib/pictures.mjs';

const THEMES = ['dark', 'light', 'hc'];
const WIDTHS = [900, 420];

const SCENES = [
  { name: 'report', themes: THEMES, widths: WIDTHS },
  { name: 'estimate', themes: ['dark'], widths: [900] },
  { name: 'clean', themes: ['light'], widths: WIDTHS },
  { name: 'untokenised', themes: ['dark'], widths: [900] },
  { name: 'table', scene: 'report', themes: ['dark'], widths: [900], state: { table: true } },
  { name: 'working', themes: ['dark', 'hc'], widths: [420] },
  { name: 'failed', themes: ['dark', 'light'], widths: [420] },
];

const wanted = process.argv.slice(2);
const { out, files, html } = await bundlePage({
  name: 'statistics',
  entry: 'src/webview/app/statistics/main.ts',
  harness: 'test/webview/app/statistics-harness.ts',
});
const server = await servePage('statistics', files, html.statisticsHtml);
const browser = await openBrowser();
/** @type {string[]} */
const problems = [];

/** What a press of each control asks of the extension. */
async function press() {
  const page = await openPage(browser, { name: 'press', width: 900, problems });
  await page.goto(`${server.address}?scene=clean&theme=dark`);
  for (const key of ['train', 'preview', 'refresh']) await page.click(`[data-key=${key}]`);
  await page.goto(`${server.address}?scene=report&theme=dark`);
  await page.click('[data-key=issue-near-duplicate]');
  await page.click('[data-key=table]');
  await page.locator('td', { hasText: '0–63' }).waitFor();
  const asked = await page.evaluate(() => JSON.stringify(window.statistics.actions));
  if (asked !== '[{"type":"showLine","line":311}]') problems.push(`press: ${asked}`);
  await page.close();
}

try {
  for (const { name, scene = name, themes, widths, state } of SCENES) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const theme of themes)
      for (const width of widths) {
        const page = await openPage(browser, { name, width, problems });
        const saved = state ? `&state=${encodeURIComponent(JSON.stringify(state))}` : '';
        await page.goto(`${server.address}?scene=${scene}&theme=${theme}${saved}`);
        await page.evaluate(() => document.fonts.ready);
        await page.waitForTimeout(400);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > width) problems.push(`${name} ${theme} ${width}: ${wide} px wide`);
        await page.screenshot({ path: join(out, `${name}-${theme}-${width}.png`), fullPage: true });
        await page.close();
      }
  }
  if (wanted.length === 0) await press();
} finally {
  await browser.close();
  server.close();
}
for (const problem of problems) console.error(problem);
console.log(`Pictures are in ${out}.`);
process.exitCode = problems.length > 0 ? 1 : 0;
