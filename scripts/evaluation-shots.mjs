// Pictures of the page of an evaluation in every state, theme and width, without VS Code.
// Usage: node scripts/evaluation-shots.mjs [scene …]; pictures go to artifacts/evaluation/.
import { join } from 'node:path';
import { bundlePage, openBrowser, openPage, servePage } from './lib/pictures.mjs';

const THEMES = ['dark', 'light', 'hc'];

const SCENES = [
  { name: 'report', themes: THEMES, widths: [1280, 320] },
  { name: 'odd', themes: ['light'], widths: [1280, 800] },
  { name: 'subjects', scene: 'report', themes: ['dark'], widths: [900], state: { subjects: ['mmlu'] } },
  { name: 'working', themes: ['dark', 'hc'], widths: [420] },
  { name: 'failed', themes: ['light'], widths: [420] },
];

const wanted = process.argv.slice(2);
const { out, files, html } = await bundlePage({
  name: 'evaluation',
  entry: 'src/webview/app/evaluation/main.ts',
  harness: 'test/webview/app/evaluation-harness.ts',
});
const server = await servePage('evaluation', files, html.evaluationHtml);
const browser = await openBrowser();
/** @type {string[]} */
const problems = [];

/** What a press of each control asks of the extension. */
async function press() {
  const page = await openPage(browser, { name: 'press', width: 1000, problems });
  await page.goto(`${server.address}?scene=report&theme=dark`);
  await page.locator('[data-key=line-774]').first().click();
  for (const key of ['copy', 'export', 'refresh']) await page.click(`[data-key=${key}]`);
  await page.click('[data-key=more]');
  await page.click('[data-key=filter-regressions]');
  await page.selectOption('#metric', 'loss');
  await page.fill('.search', 'charged');
  await page.locator('[role=status]', { hasText: '1 of 1' }).waitFor();
  await page.fill('.search', 'nothing like it');
  await page.locator('[role=status]', { hasText: 'No row holds' }).waitFor();
  const asked = await page.evaluate(() => JSON.stringify(window.evaluation.actions));
  const actions = '[{"type":"showLine","line":774},{"type":"copyMarkdown"},{"type":"export"},{"type":"refresh"}]';
  if (asked !== actions) problems.push(`press: ${asked}`);
  const queries = await page.evaluate(() =>
    window.evaluation.queries
      .map(({ filter, metric, search, from }) => [filter, metric, search, from].join())
      .join(' '),
  );
  const right =
    'changed,f1,,0 changed,f1,,4 regressions,f1,,0 regressions,loss,,0 regressions,loss,charged,0 regressions,loss,nothing like it,0';
  if (queries !== right) problems.push(`press: ${queries}`);
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
