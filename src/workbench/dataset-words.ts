import type { DatasetSummary } from '../dataset-lsp/protocol';
import { countText } from './words';

/** `$(check) 1,204 examples`, or `$(warning) 3 errors`. */
export function datasetStatus(summary: Omit<DatasetSummary, 'uri' | 'version'>): {
  readonly text: string;
  readonly detail: string;
  readonly warn: boolean;
} {
  const { state, format, examples, invalid, errors, warnings, suppressed, tokens } = summary;
  const all = counted(examples, 'example');
  const lines = [`${all}, ${format === null ? 'of no known format' : `format ${format}`}`];
  if (errors > 0) lines.push(`${counted(errors, 'error')} in ${counted(invalid, 'example')}`);
  if (warnings > 0) lines.push(counted(warnings, 'warning'));
  if (suppressed > 0) lines.push(`${counted(suppressed, 'accepted finding')} not shown`);
  if (tokens) {
    const about = tokens.estimate ? 'About ' : '';
    lines.push(`${about}${counted(tokens.total, 'token')}, ${countText(tokens.trained)} of them trained`);
    if (tokens.lost > 0) lines.push(`${counted(tokens.lost, 'token')} cut off at the maximum length`);
  }
  const icon = errors > 0 || format === null ? 'warning' : state === 'checking' ? 'sync~spin' : 'check';
  const text = errors > 0 ? counted(errors, 'error') : format === null ? 'Unknown format' : all;
  return { text: `$(${icon}) ${text}`, detail: lines.join('\n'), warn: errors > 0 };
}

function counted(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;
}
