import { expect, it } from 'vitest';
import { evaluationFiles } from '../../src/evaluation/report-files';

it.each(['../x', 'con', 'AUX.test', 'ends.', ''])('"%s" names no files everywhere', (name) => {
  expect(() => evaluationFiles('/run/evaluation', name)).toThrow('cannot be the name of an evaluation');
});

it.each(['validation', 'console', 'Prüfung 2', 'test-limit-20-base'])('"%s" names files', (name) => {
  expect(evaluationFiles('/run/evaluation', name).report).toMatch(new RegExp(`${name}\\.json$`));
});
