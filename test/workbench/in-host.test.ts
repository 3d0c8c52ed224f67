import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installCompanion } from './lib/companion';
import { openWindow, type Window } from './lib/window';

let window: Window;
let result: string;

beforeAll(async () => {
  window = await openWindow('dark', {
    prepare: async (extensions) => void (result = await installCompanion(extensions)),
  });
});
afterAll(() => window?.close());

it('passes the suite that runs inside the extension host', async () => {
  await expect.poll(() => existsSync(result), { timeout: 90_000 }).toBe(true);
  expect(JSON.parse(readFileSync(result, 'utf8'))).toEqual({ passed: 4 });
});
