import { setImmediate } from 'node:timers/promises';
import {
  DiagnosticSeverity,
  TextDocuments,
  TextDocumentSyncKind,
  type Connection,
  type Diagnostic,
} from 'vscode-languageserver/node';
import { updateDocument, type Document } from './document';
import { lintInSteps, type LintResult, type Problem } from './linter';
import { SEVERITY_CHOICES } from './rules';
import { CONFIGURE, DIAGNOSTIC_SOURCE, LANGUAGE_ID, MOST_DIAGNOSTICS, type DatasetServerOptions } from './protocol';

const QUIET_MS = 150;
// Between two looks at whether the document has changed meanwhile.
const SLICE_MS = 20;

/**
 * Serves one editor: publishes diagnostics for its open `jsonl` documents. It sees nothing but those documents, so it
 * may also run in a workspace that is not trusted.
 */
export function serveDatasets(connection: Connection): void {
  const documents = new TextDocuments<Document>({
    create: (uri, languageId, version, text) => ({ uri, languageId, version, text }),
    update: updateDocument,
  });
  const waiting = new Map<string, NodeJS.Timeout>();
  let options: DatasetServerOptions = { severities: {} };

  const lint = async (uri: string): Promise<void> => {
    waiting.delete(uri);
    const document = documents.get(uri);
    if (!document || !isDataset(document)) return;
    const isStale = (): boolean => documents.get(uri) !== document;
    const result = await lintUnless(isStale, document.text, options);
    if (!result || isStale()) return;
    await connection.sendDiagnostics({
      uri,
      version: document.version,
      diagnostics: document.text.trim() === '' ? [] : toDiagnostics(result.problems),
    });
  };
  const schedule = (uri: string, delay: number): void => {
    clearTimeout(waiting.get(uri));
    const run = (): void => {
      lint(uri).catch((error: unknown) =>
        connection.console.error(String(error instanceof Error ? error.stack : error)),
      );
    };
    waiting.set(uri, setTimeout(run, delay));
  };

  connection.onInitialize((params) => {
    options = readOptions(params.initializationOptions);
    return {
      capabilities: { textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental } },
      serverInfo: { name: 'Fine-tune dataset language server' },
    };
  });
  connection.onNotification(CONFIGURE, (sent: unknown) => {
    options = readOptions(sent);
    for (const { uri } of documents.all()) schedule(uri, 0);
  });
  const opened = new Set<string>();
  documents.onDidOpen(({ document }) => {
    opened.add(document.uri);
    schedule(document.uri, 0);
  });
  documents.onDidChangeContent(({ document }) => {
    // Opening counts as a change, too; only typing has to be waited out.
    schedule(document.uri, opened.delete(document.uri) ? 0 : QUIET_MS);
  });
  documents.onDidClose(({ document }) => {
    clearTimeout(waiting.get(document.uri));
    waiting.delete(document.uri);
    opened.delete(document.uri);
    void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] });
  });
  documents.listen(connection);
  connection.listen();
}

/** Logs of runs are `jsonl`, too. */
function isDataset({ uri, languageId }: Document): boolean {
  return languageId === LANGUAGE_ID && !/\/\.finetune\/|\/events\.jsonl$/.test(uri);
}

/** Lints in slices; gives up when the document is no longer the one that was asked about. */
async function lintUnless(
  isStale: () => boolean,
  text: string,
  { severities }: DatasetServerOptions,
): Promise<LintResult | undefined> {
  const steps = lintInSteps(text, { severities });
  let until = performance.now() + SLICE_MS;
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() < until) continue;
    await setImmediate();
    if (isStale()) return undefined;
    until = performance.now() + SLICE_MS;
  }
}

function readOptions(sent: unknown): DatasetServerOptions {
  const severities: unknown = typeof sent === 'object' && sent !== null && 'severities' in sent ? sent.severities : {};
  const known: readonly string[] = SEVERITY_CHOICES;
  const entries = Object.entries(typeof severities === 'object' && severities !== null ? severities : {});
  return { severities: Object.fromEntries(entries.filter(([, severity]) => known.includes(String(severity)))) };
}

const SEVERITIES = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
} as const;

/** The first findings, errors before warnings, and one that tells about the rest. */
function toDiagnostics(problems: readonly Problem[]): Diagnostic[] {
  const order = Object.keys(SEVERITIES);
  const shown =
    problems.length <= MOST_DIAGNOSTICS
      ? problems
      : problems.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity)).slice(0, MOST_DIAGNOSTICS);
  const diagnostics = shown.map(toDiagnostic);
  const rest = problems.length - shown.length;
  if (rest > 0)
    diagnostics.push({
      range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
      severity: DiagnosticSeverity.Information,
      source: DIAGNOSTIC_SOURCE,
      message: `${rest} more ${rest === 1 ? 'finding is' : 'findings are'} not shown here. "fine-tune check" lists all of them.`,
    });
  return diagnostics;
}

function toDiagnostic({ rule, severity, message, line, column, endLine, endColumn }: Problem): Diagnostic {
  return {
    range: { start: { line: line - 1, character: column - 1 }, end: { line: endLine - 1, character: endColumn - 1 } },
    // A `jsonl` file in an editor may be something other than training data.
    severity: rule === 'unknown-format' ? DiagnosticSeverity.Warning : SEVERITIES[severity],
    source: DIAGNOSTIC_SOURCE,
    code: rule,
    message,
  };
}
