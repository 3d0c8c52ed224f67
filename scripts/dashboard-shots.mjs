// Pictures of the dashboard in every state, theme and width, without VS Code: a page with the same policy and the
// same host code, and the themes' own values. Also measures the first paint with 100,000 steps.
// Usage: node scripts/dashboard-shots.mjs [scene …]; pictures go to artifacts/dashboard/.
import { join } from 'node:path';
import { bundlePage, openBrowser, openPage, servePage } from './lib/pictures.mjs';

const THEMES = ['dark', 'light', 'hc'];
const WIDTHS = [380, 320];

/** Scenes: how the page is opened, and what is done before the picture. */
const SCENES = [
  { name: 'live', themes: THEMES, widths: WIDTHS },
  { name: 'live-crosshair', scene: 'live', themes: THEMES, widths: [380], before: crosshair },
  { name: 'late', themes: ['dark'], widths: [380, 640] },
  { name: 'log-raw', scene: 'late', themes: ['dark'], widths: [380], state: { log: true, smoothed: false } },
  { name: 'zoom', scene: 'late', themes: ['dark'], widths: [380], before: zoom },
  { name: 'table', scene: 'late', themes: ['dark', 'hc'], widths: [380], state: { table: true } },
  { name: 'settings', scene: 'completed', themes: THEMES, widths: [380], state: { settingsOpen: true } },
  { name: 'runs', scene: 'live', themes: THEMES, widths: [380], before: (page) => page.click('[data-key=runs]') },
  { name: 'stopping', scene: 'live', themes: ['dark'], widths: [380], before: (page) => page.click('[data-key=stop]') },
  { name: 'pausing', scene: 'live', themes: ['dark'], widths: [380], before: (page) => page.click('[data-key=pause]') },
  { name: 'paused', themes: THEMES, widths: WIDTHS },
  { name: 'early', themes: ['light'], widths: [320] },
  {
    name: 'stop-failed',
    scene: 'live',
    themes: ['dark'],
    widths: [380],
    query: '&broken',
    before: (page) => page.click('[data-key=stop]'),
  },
  { name: 'starting', themes: THEMES, widths: [380] },
  { name: 'first', themes: ['dark'], widths: [380] },
  { name: 'empty', themes: THEMES, widths: WIDTHS },
  { name: 'failed', themes: THEMES, widths: WIDTHS },
  { name: 'failed-early', themes: ['dark'], widths: [320] },
  { name: 'completed', themes: THEMES, widths: WIDTHS },
  { name: 'evaluated', themes: ['dark', 'hc'], widths: WIDTHS },
  { name: 'preference', themes: THEMES, widths: WIDTHS },
  { name: 'preference-completed', themes: ['dark'], widths: [380, 640] },
  { name: 'answers', themes: THEMES, widths: WIDTHS },
  { name: 'answers-crosshair', scene: 'answers', themes: ['dark'], widths: [640], before: crosshair },
  { name: 'answers-first', themes: ['dark'], widths: [380] },
  { name: 'short', themes: ['dark'], widths: [380] },
  { name: 'stopped', themes: ['dark'], widths: [320] },
  { name: 'interrupted', themes: ['light'], widths: [380] },
  { name: 'huge', themes: THEMES, widths: [380] },
];

async function crosshair(page) {
  await page.focus('.chart');
  for (let i = 0; i < 18; i++) await page.keyboard.press('Shift+ArrowLeft');
}

async function zoom(page) {
  const box = await page.locator('.chart .u-over').boundingBox();
  await page.mouse.move(box.x + box.width * 0.55, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.8, box.y + 60, { steps: 4 });
  await page.mouse.up();
}

const wanted = process.argv.slice(2);
const { out, files, html } = await bundlePage({
  name: 'dashboard',
  entry: 'src/webview/app/main.ts',
  harness: 'test/webview/app/harness.ts',
});
const server = await servePage('dashboard', files, html.dashboardHtml);
const browser = await openBrowser();
const problems = [];

/** First paint and panning with 100,000 steps: the best of five, since the machine may be busy with other things. */
async function measure() {
  const first = [];
  const frames = [];
  for (let i = 0; i < 5; i++) {
    const page = await browser.newPage({ viewport: { width: 380, height: 900 } });
    await page.goto(`${server.address}?scene=huge&theme=dark`);
    await page.waitForFunction(() => window.harness?.paints.complete !== undefined);
    first.push(await page.evaluate(() => window.harness.paints.complete));
    frames.push(await page.evaluate(pan));
    await page.close();
  }
  const best = (values) => Math.min(...values).toFixed(1);
  console.log(`100,000 steps: first paint after ${best(first)} ms, a frame of panning every ${best(frames)} ms.`);
}

/** Runs in the page: zooms in, then pans 60 times, once a frame. Returns milliseconds a frame. */
async function pan() {
  const over = document.querySelector('.chart .u-over');
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const wheel = (init) => over.dispatchEvent(new WheelEvent('wheel', { clientX: 150, cancelable: true, ...init }));
  wheel({ ctrlKey: true, deltaY: -350 });
  await frame();
  const start = performance.now();
  for (let i = 0; i < 60; i++) {
    wheel({ deltaX: i < 30 ? -4 : 4 });
    await frame();
  }
  return (performance.now() - start) / 60;
}

try {
  for (const { name, scene = name, themes, widths, state, query = '', before } of SCENES) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const theme of themes)
      for (const width of widths) {
        const page = await openPage(browser, { name, width, problems });
        const saved = state ? `&state=${encodeURIComponent(JSON.stringify(state))}` : '';
        await page.goto(`${server.address}?scene=${scene}&theme=${theme}${saved}${query}`);
        await page.waitForSelector('.page:not([hidden]), .empty:not([hidden])', { state: 'attached' });
        await page.evaluate(() => document.fonts.ready);
        await page.waitForTimeout(scene === 'huge' ? 1500 : 300);
        await before?.(page);
        await page.waitForTimeout(150);
        const height = await page.evaluate(() => Math.ceil(document.documentElement.scrollHeight));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > width) problems.push(`${name} ${theme} ${width}: ${wide} px wide`);
        await page.setViewportSize({ width, height: Math.max(420, height) });
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
