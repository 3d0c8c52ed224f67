import type { CodeLens } from 'vscode-languageserver/node';
import { CLIENT_COMMANDS, type DatasetSummary } from '../protocol';
import { counted, percent, rounded } from './words';

/** The state of a file above its first line, and what can be done with it. */
export function codeLenses(summary: DatasetSummary): CodeLens[] {
  if (summary.examples === 0 && summary.errors === 0) return [];
  const start = { line: 0, character: 0 };
  const range = { start, end: start };
  const { uri } = summary;
  return [
    { range, command: { title: lensTitle(summary), command: CLIENT_COMMANDS.problems } },
    { range, command: { title: 'Train', command: CLIENT_COMMANDS.train, arguments: [uri] } },
    { range, command: { title: 'Preview', command: CLIENT_COMMANDS.preview, arguments: [uri] } },
  ];
}

/** `1,204 examples · 2 errors · 412k tokens (61 % trained)` */
export function lensTitle({ examples, errors, warnings, tokens, format, state }: DatasetSummary): string {
  const parts = [counted(examples, 'example')];
  if (errors > 0) parts.push(counted(errors, 'error'));
  if (warnings > 0) parts.push(counted(warnings, 'warning'));
  if (format === null && errors === 0 && warnings === 0 && state === 'ready') parts.push('unknown format');
  if (tokens) {
    const about = tokens.estimate ? 'about ' : '';
    parts.push(`${about}${rounded(tokens.total)} tokens (${percent(tokens.trained, tokens.total)} trained)`);
  }
  return parts.join(' · ');
}
