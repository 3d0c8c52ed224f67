import { expect, it } from 'vitest';
import { chatHtml, dashboardHtml, evaluationHtml, previewHtml, statisticsHtml } from '../../src/webview/html';

it.each([
  ['dashboard', dashboardHtml],
  ['preview', previewHtml],
  ['statistics', statisticsHtml],
  ['chat', chatHtml],
  ['evaluation', evaluationHtml],
])('the %s allows nothing but files of the extension and scripts with the nonce', (_name, page) => {
  const html = page({ script: 's.js', style: 's.css', source: 'vscode-resource:', nonce: 'abc' });
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!;
  const rules = Object.fromEntries(policy.split('; ').map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1)]));
  expect(rules).toEqual({
    'default-src': ["'none'"],
    'script-src': ["'nonce-abc'"],
    'style-src': ['vscode-resource:', "'nonce-abc'"],
    'font-src': ['vscode-resource:'],
  });
  expect(html).not.toMatch(/unsafe-|<script(?![^>]*nonce)|\sstyle=|\son\w+=/);
});

it('keeps addresses inside their attributes', () => {
  const html = dashboardHtml({ script: 'a"><b>', style: 'x&y', source: 'z', nonce: 'n' });
  expect(html).toContain('src="a&quot;>&lt;b>');
  expect(html).toContain('href="x&amp;y"');
});
