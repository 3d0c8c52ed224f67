// Pictures of a webview page without VS Code: a page with the same policy, a harness that plays the extension host,
// and the themes' own values.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { root } from './run.mjs';

/** @type {Readonly<Record<string, string>>} */
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.ttf': 'font/ttf', '.html': 'text/html' };

/**
 * Bundles a page and its harness into `artifacts/<name>/page`.
 * @param {{ name: string, entry: string, harness: string }} page
 * @returns {Promise<{ out: string, files: string, html: any }>} `html` is the module `src/webview/html.ts`
 */
export async function bundlePage({ name, entry, harness }) {
  const out = join(root, 'artifacts', name);
  const files = join(out, 'page');
  await rm(files, { recursive: true, force: true });
  await mkdir(files, { recursive: true });
  const common = /** @type {const} */ ({ bundle: true, logLevel: 'warning', absWorkingDir: root, target: 'chrome128' });
  const page = /** @type {const} */ ({ format: 'iife', minify: true, loader: { '.ttf': 'file' } });
  await build({ ...common, ...page, entryPoints: { [name]: entry }, outdir: files });
  await build({ ...common, entryPoints: { harness }, outdir: files, format: 'iife' });
  const module = /** @type {const} */ ({ format: 'esm', outExtension: { '.js': '.mjs' } });
  await build({ ...common, ...module, entryPoints: { html: 'src/webview/html.ts' }, outdir: files });
  return { out, files, html: await import(pathToFileURL(join(files, 'html.mjs')).href) };
}

/**
 * Serves the page at `/?theme=dark…`.
 * @param {string} name of the page's script and style sheet
 * @param {string} files
 * @param {(files: { script: string, style: string, source: string, nonce: string }) => string} html
 * @returns {Promise<{ address: string, close(): void }>}
 */
export async function servePage(name, files, html) {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    try {
      if (url.pathname === '/') {
        const origin = `http://${request.headers.host}`;
        const text = html({ script: `/${name}.js`, style: `/${name}.css`, source: origin, nonce: 'n0nce' })
          .replace('</head>', `<link rel="stylesheet" href="/themes/${url.searchParams.get('theme')}.css">\n</head>`)
          .replace('<script ', '<script nonce="n0nce" src="/harness.js"></script>\n<script ');
        response.setHeader('content-type', 'text/html');
        response.end(text);
        return;
      }
      const theme = /^\/themes\/(\w+)\.css$/.exec(url.pathname);
      const file = theme ? join(root, 'test/webview/themes', `${theme[1]}.css`) : join(files, url.pathname.slice(1));
      response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
      response.end(await readFile(file));
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await /** @type {Promise<void>} */ (new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve())));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { address: `http://127.0.0.1:${port}/`, close: () => void server.close() };
}

export function openBrowser() {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}

/**
 * A page of the browser that reports every error of the page.
 * @param {import('playwright-core').Browser} browser
 * @param {{ name: string, width: number, problems: string[] }} options
 */
export async function openPage(browser, { name, width, problems }) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, reducedMotion: 'reduce' });
  page.on('pageerror', (error) => problems.push(`${name}: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`${name}: ${message.text()} ${JSON.stringify(message.location())}`);
  });
  return page;
}
