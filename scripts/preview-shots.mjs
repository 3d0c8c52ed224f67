// Pictures of the label preview in every state, theme and width, without VS Code. Also measures a record of 32,000
// tokens. Usage: node scripts/preview-shots.mjs [scene …]; pictures go to artifacts/preview/.
import { join } from 'node:path';
import { bundlePage, openBrowser, openPage, servePage } from './lib/pictures.mjs';

const THEMES = ['dark', 'light', 'hc'];
const WIDTHS = [900, 420];

const SCENES = [
  { name: 'cut', themes: THEMES, widths: WIDTHS },
  { name: 'whole', themes: THEMES, widths: [900] },
  { name: 'code', themes: THEMES, widths: WIDTHS },
  { name: 'ids', scene: 'code', themes: ['dark'], widths: WIDTHS, state: { ids: true, borders: true } },
  { name: 'borders', scene: 'code', themes: THEMES, widths: [900], state: { borders: true } },
  { name: 'token', scene: 'code', themes: ['dark', 'hc'], widths: [900], before: walk },
  {
    name: 'tried',
    scene: 'cut',
    themes: ['dark'],
    widths: WIDTHS,
    before: (page) => page.click('[data-key=keep-all]'),
  },
  { name: 'preference', themes: ['dark', 'light'], widths: WIDTHS, state: { side: 'rejected' } },
  { name: 'untrained', themes: ['dark'], widths: [900] },
  { name: 'broken', themes: THEMES, widths: [420] },
  { name: 'failed', themes: ['dark'], widths: [900] },
  { name: 'empty', themes: ['dark', 'light'], widths: [420] },
  { name: 'huge', themes: ['dark'], widths: [900] },
];

/** @param {import('playwright-core').Page} page */
async function walk(page) {
  await page.focus('.text');
  for (let i = 0; i < 3; i++) await page.keyboard.press('Shift+ArrowRight');
}

const wanted = process.argv.slice(2);
const { out, files, html } = await bundlePage({
  name: 'preview',
  entry: 'src/webview/app/preview/main.ts',
  harness: 'test/webview/app/preview-harness.ts',
});
const server = await servePage('preview', files, html.previewHtml);
const browser = await openBrowser();
const problems = [];

/** A record of 32,000 tokens: until its first and its last token are there, and scrolling through it. */
async function measure() {
  const page = await openPage(browser, { name: 'huge', width: 900, problems });
  await page.goto(`${server.address}?scene=huge&theme=dark`);
  await page.waitForFunction(() => window.preview.drawn !== undefined, undefined, { timeout: 60_000 });
  const { drawn, tokens } = await page.evaluate(() => ({
    drawn: window.preview.drawn,
    tokens: document.querySelectorAll('.t[data-i]').length,
  }));
  const scroll = () =>
    page.evaluate(async () => {
      const next = () => new Promise((resolve) => requestAnimationFrame(resolve));
      const start = performance.now();
      for (let i = 0; i < 60; i++) {
        scrollBy(0, 60);
        await next();
      }
      return (performance.now() - start) / 60;
    });
  // The best of three, since the machine may be busy with other things.
  const frame = Math.min(await scroll(), await scroll(), await scroll());
  await page.close();
  console.log(
    `${tokens} tokens: all drawn after ${drawn.toFixed(0)} ms, a frame of scrolling every ${frame.toFixed(1)} ms.`,
  );
}

try {
  for (const { name, scene = name, themes, widths, state, before } of SCENES) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const theme of themes)
      for (const width of widths) {
        const page = await openPage(browser, { name, width, problems });
        const saved = state ? `&state=${encodeURIComponent(JSON.stringify(state))}` : '';
        await page.goto(`${server.address}?scene=${scene}&theme=${theme}${saved}`);
        await page.evaluate(() => document.fonts.ready);
        await page.waitForTimeout(400);
        await before?.(page);
        await page.waitForTimeout(150);
        const height = await page.evaluate(() => Math.ceil(document.documentElement.scrollHeight));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > width) problems.push(`${name} ${theme} ${width}: ${wide} px wide`);
        await page.setViewportSize({ width, height: Math.min(2000, Math.max(420, height)) });
        await page.waitForTimeout(100);
        await page.screenshot({ path: join(out, `${name}-${theme}-${width}.png`) });
        await page.close();
      }
  }
  if (wanted.length === 0 || wanted.includes('huge')) await measure();
} finally {
  await browser.close();
  server.close();
}
for (const problem of problems) console.error(problem);
console.log(`Pictures are in ${out}.`);
process.exitCode = problems.length > 0 ? 1 : 0;
