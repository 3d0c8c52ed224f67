import { createHash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Problem } from '../placement';
import type { Rule, Severity } from '../rules';
import type { CheckedFile } from './check-file';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const LEVELS: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  information: 'note',
  hint: 'note',
};

/** The log of `check --format sarif` (SARIF 2.1.0), in pieces. */
export function* sarifReport(
  files: readonly CheckedFile[],
  rules: readonly Rule[],
  version: string,
): Generator<string> {
  const indexOf = new Map(rules.map(({ meta }, i) => [meta.id, i]));
  const driver = { name: 'fine-tune', version, semanticVersion: version, rules: rules.map(descriptor) };
  const artifacts = files.map(({ path }) => ({ location: { uri: uriOf(path) } }));
  const run = { tool: { driver }, columnKind: 'utf16CodeUnits', artifacts };
  yield `{"$schema":${JSON.stringify(SCHEMA)},"version":"2.1.0","runs":[${JSON.stringify(run).slice(0, -1)},"results":[`;
  let first = true;
  for (const [index, file] of files.entries()) {
    const seen = new Map<string, number>();
    for (const [i, problem] of file.problems.entries()) {
      const fingerprint = fingerprintOf(problem, file.recordHashes?.[i] ?? '', seen);
      const ruleIndex = indexOf.get(problem.rule);
      const result = {
        ruleId: problem.rule,
        ...(ruleIndex === undefined ? {} : { ruleIndex }),
        level: LEVELS[problem.severity],
        message: { text: problem.message },
        locations: [placeOf(file.path, index, problem)],
        ...(problem.related ? { relatedLocations: relatedOf(file.path, index, problem) } : {}),
        partialFingerprints: { 'fineTuneRecord/v1': fingerprint },
      };
      yield `${first ? '' : ','}\n${JSON.stringify(result)}`;
      first = false;
    }
  }
  yield '\n]}]}\n';
}

function descriptor({ meta }: Rule): object {
  return {
    id: meta.id,
    shortDescription: { text: `${meta.title}.` },
    fullDescription: { text: meta.why },
    help: { text: meta.whatToDo },
    defaultConfiguration: { level: LEVELS[meta.defaultSeverity] },
  };
}

function placeOf(path: string, index: number, { line, column, endLine, endColumn, pointer }: Problem): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(path), index },
      region: { startLine: line, startColumn: column, endLine, endColumn },
    },
    ...(pointer === '' ? {} : { logicalLocations: [{ fullyQualifiedName: pointer, kind: 'value' }] }),
  };
}

function relatedOf(path: string, index: number, { related = [] }: Problem): object[] {
  return related.map(({ line, message, file }, id) => ({
    id,
    physicalLocation: {
      artifactLocation: file === undefined ? { uri: uriOf(path), index } : { uri: uriOf(file) },
      region: { startLine: line },
    },
    message: { text: message },
  }));
}

/** The same finding in the same record keeps its name when lines before it come and go; equal records are numbered. */
function fingerprintOf({ rule, pointer }: Problem, record: string, seen: Map<string, number>): string {
  const hash = createHash('sha256').update(`${rule}\0${pointer}\0${record}`).digest('hex').slice(0, 16);
  const times = (seen.get(hash) ?? 0) + 1;
  seen.set(hash, times);
  return `${hash}:${times}`;
}

/** Relative to the folder that the check ran in, as the user wrote it. */
function uriOf(path: string): string {
  if (isAbsolute(path)) return pathToFileURL(path).href;
  return path
    .replaceAll('\\', '/')
    .replace(/^\.\//, '')
    .split('/')
    .map((part) => encodeURIComponent(part))
    .join('/');
}
