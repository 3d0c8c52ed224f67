// `npm test`: everything, what is fast first. Names of suites as arguments run only those. The last line is the result.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureKit } from './lib/kit.mjs';
import { npm, root, run } from './lib/run.mjs';
import { main, ScriptFailure, step } from './lib/say.mjs';
import { ensureChromium, softwareVulkan } from './lib/system.mjs';
import { setUp } from './setup.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @type {Readonly<Record<string, () => Promise<Counts>>>} */
const suites = {
  check,
  unit: () => vitest('unit', 'vitest.config.ts'),
  integration: () => vitest('integration', 'vitest.integration.config.ts', softwareVulkan()),
  workbench,
};

await main(async () => {
  const chosen = process.argv.slice(2);
  const unknown = chosen.find((name) => !(name in suites));
  if (unknown)
    throw new ScriptFailure(`There is no suite "${unknown}".`, `The suites are ${Object.keys(suites).join(', ')}.`);
  await setUp();
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, suite] of Object.entries(suites)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    console.log(`\n── ${name} ──`);
    const { passed, failed, skipped } = await suite();
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  console.log(
    `\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
  );
  return total.failed > 0 ? 1 : 0;
});

/** Types, lint, format and unused code; each counts as one. @returns {Promise<Counts>} */
async function check() {
  let failed = 0;
  const parts = ['types', 'lint', 'format', 'unused'];
  for (const part of parts) {
    const { code, output } = await step(part, () => npm(['run', '--silent', `check:${part}`], { capture: true }));
    if (code === 0) continue;
    failed++;
    console.log(output);
  }
  return { passed: parts.length - failed, failed, skipped: 0 };
}

/**
 * @param {string} name
 * @param {string} config
 * @param {Record<string, string>} [env]
 * @returns {Promise<Counts>}
 */
async function vitest(name, config, env = {}) {
  const report = join(root, 'artifacts', `${name}.json`);
  mkdirSync(join(root, 'artifacts'), { recursive: true });
  rmSync(report, { force: true });
  const program = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code } = await run(process.execPath, [program, 'run', '--config', config, ...reporters], { env });
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'));
  // A file that could not be loaded, or an error outside every test, has no failed test of its own.
  const failed = code === 0 ? 0 : Math.max(1, numFailedTests);
  return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests };
}

/** A real VS Code in a browser. Where none can be had the suite is skipped, but in CI that is a failure. @returns {Promise<Counts>} */
async function workbench() {
  try {
    await ensureChromium();
    await ensureKit();
  } catch (error) {
    if (!(error instanceof ScriptFailure)) throw error;
    const inCi = process.env.CI === 'true';
    console.log(`The workbench suite ${inCi ? 'could not run' : 'is skipped'}: ${error.message}\n${error.hint}`);
    return inCi ? { passed: 0, failed: 1, skipped: 0 } : { passed: 0, failed: 0, skipped: 1 };
  }
  // Pictures of an older run would be taken for new ones.
  rmSync(join(root, 'artifacts', 'workbench'), { recursive: true, force: true });
  return vitest('workbench', 'test/workbench/vitest.config.ts');
}
