import { buildSync } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { examine } from '../../../src/cli/examine';
import { availableDevices, onnxRuntimeVersion } from '../../../src/training/engines/onnxruntime';
import { surveyDevices } from '../../../src/training/devices/survey';
import { temporaryFolder } from '../fake-run';

// `npm test` points Vulkan's loader at Chromium's software device where there is no GPU (scripts/lib/system.mjs).
const software = process.env['VK_ICD_FILENAMES']?.includes('swiftshader') === true;
const reason = software ? '' : ' (skipped: VK_ICD_FILENAMES does not name the software device)';

const root = join(import.meta.dirname, '..', '..', '..');
const folder = temporaryFolder();
const trainerPath = join(folder.path, 'trainer.js');
afterAll(() => folder.remove());
beforeAll(() => {
  for (const name of ['XDG_CACHE_HOME', 'LOCALAPPDATA', 'HOME']) vi.stubEnv(name, folder.path);
  buildSync({
    entryPoints: [join(root, 'src', 'training', 'main.ts')],
    outfile: trainerPath,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // The bundle lies outside the project.
    alias: { 'onnxruntime-node': join(root, 'node_modules', 'onnxruntime-node') },
    external: [join(root, 'node_modules', '*')],
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
});

it('a device measures itself in a process of its own', () => {
  const answer = execFileSync(process.execPath, [trainerPath, '--probe', 'cpu'], { encoding: 'utf8' });
  const { measured } = JSON.parse(answer.slice(answer.indexOf('{'))) as { measured: Record<string, number> };
  expect(measured['error']).toBe(0);
  expect(measured['flops']).toBeGreaterThan(1e8);
  expect(measured['flops']! / measured['processorFlops']!).toBeGreaterThan(0.2);
});

describe.skipIf(!software)(`a software adapter${reason}`, () => {
  it('is listed by doctor, found to be right and slow, and auto takes the processor', async () => {
    const { findings, ...survey } = await examine(trainerPath, folder.path);
    const webgpu = survey.devices.find(({ device }) => device === 'webgpu');
    expect(webgpu?.state).toBe('slow');
    expect(webgpu?.measured?.error).toBeLessThan(1e-4);
    expect(findings.find(({ what }) => what === 'device webgpu')).toMatchObject({
      state: 'ok',
      text: expect.stringMatching(/^works, but slower: a matrix product ran at /) as string,
    });
    expect(survey.choice).toMatchObject({
      device: 'cpu',
      reason: expect.stringMatching(/^webgpu: a matrix product ran at /) as string,
    });
    // A run that follows knows it: measured again, the speeds would differ.
    const options = { nodePath: process.execPath, trainerPath, runtimeVersion: onnxRuntimeVersion() };
    expect(await surveyDevices(availableDevices(), options)).toEqual(survey);
  }, 60_000);
});
