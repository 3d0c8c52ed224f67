import { posix } from 'node:path';
import * as vscode from 'vscode';
import type { DatasetClient } from '../dataset-lsp/client';
import { Failure } from '../common/failure';

const SCHEME = 'fine-tune-record';

interface OpenRecord {
  readonly document: string;
  /** 0-based line of the record in its document when it was read. */
  line: number;
  /** The line as it was read or written last. */
  source: string;
  text: string;
  changed: number;
}

/**
 * One record of a `jsonl` document as readable JSON over several lines, in a peek. Saving it writes the record back into
 * its line. The records are files of a file system of our own, so that VS Code keeps what is unsaved.
 */
export class RecordDocuments implements vscode.FileSystemProvider {
  readonly #records = new Map<string, OpenRecord>();
  readonly #changes = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changes.event;

  constructor(private readonly client: () => Promise<DatasetClient>) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      this.#changes,
      vscode.workspace.registerFileSystemProvider(SCHEME, this, { isCaseSensitive: true }),
    );
  }

  /** Opens the record under the cursor below its line. */
  async peek(editor: vscode.TextEditor): Promise<void> {
    const { document, selection } = editor;
    const line = selection.active.line;
    const uri = document.uri.toString();
    const formatted = await (await this.client()).formatRecord({ uri, line });
    if (!formatted)
      throw new Failure(
        'no-record',
        `Line ${line + 1} cannot be shown: the checks do not know the file.`,
        'Open it again.',
      );
    const name = posix.basename(document.uri.path);
    const place = vscode.Uri.from({ scheme: SCHEME, path: `/${name}/line ${line + 1}.json`, query: uri });
    const { source, text } = formatted;
    const known = this.#records.has(place.toString());
    this.#records.set(place.toString(), { document: uri, line, source, text, changed: Date.now() });
    if (known) this.#changes.fire([{ type: vscode.FileChangeType.Changed, uri: place }]);
    const start = new vscode.Position(0, 0);
    await vscode.commands.executeCommand(
      'editor.action.peekLocations',
      document.uri,
      new vscode.Position(line, 0),
      [new vscode.Location(place, start)],
      'peek',
    );
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    const { text, changed } = this.#of(uri);
    return { type: vscode.FileType.File, ctime: changed, mtime: changed, size: Buffer.byteLength(text) };
  }

  readFile(uri: vscode.Uri): Uint8Array {
    return Buffer.from(this.#of(uri).text);
  }

  /** Writes the record back into its line; what is thrown here is shown by VS Code, and the text stays unsaved. */
  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    const record = this.#of(uri);
    const text = Buffer.from(content).toString('utf8');
    const compacted = await (await this.client()).compactRecord({ text, like: record.source });
    if ('problem' in compacted) throw new Error(`The record cannot be written back: ${compacted.problem}`);
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(record.document));
    const line = lineOf(document, record);
    if (line === undefined)
      throw new Error('The record was changed in its file meanwhile. Copy your text, and open the record anew.');
    const edit = new vscode.WorkspaceEdit();
    edit.replace(document.uri, document.lineAt(line).range, compacted.text);
    if (!(await vscode.workspace.applyEdit(edit))) throw new Error('The file of the record cannot be changed.');
    Object.assign(record, { line, source: compacted.text, text, changed: Date.now() });
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  #of(uri: vscode.Uri): OpenRecord {
    const record = this.#records.get(uri.toString());
    if (!record) throw vscode.FileSystemError.FileNotFound(uri);
    return record;
  }
}

/** Where the record stands now: lines before it may have come and gone. */
function lineOf(document: vscode.TextDocument, { line, source }: OpenRecord): number | undefined {
  const is = (at: number): boolean => at >= 0 && at < document.lineCount && document.lineAt(at).text === source;
  if (is(line)) return line;
  for (let distance = 1; distance < document.lineCount; distance++) {
    if (is(line - distance)) return line - distance;
    if (is(line + distance)) return line + distance;
  }
  return undefined;
}
