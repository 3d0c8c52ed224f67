/** Records of a JSON Lines file of any size, or of a JSON file that is one list. */
import { Failure } from '../common/failure';
import { detectFileFormat, formatById, type Format, type FormatId } from '../dataset/formats';
import { isBlank, parseLine } from '../dataset/jsonl';
import { asRecord } from '../dataset/shape';
import { openDataFile, type DataFile } from '../dataset-lsp/check/data-file';
import { fileLines } from '../dataset-lsp/check/file-lines';
import { readHead } from '../dataset-lsp/check/head';
import { LONGEST_LINE, readFully } from '../dataset-lsp/check/line-block';

export interface PlacedValue {
  /** After the file's name: `:12:`, or `, entry 12:` in a list. */
  readonly place: string;
  readonly value: unknown;
  /** Why there is no value. */
  readonly problem: string | undefined;
  /** Some run of digits is longer than a number can keep. */
  readonly mayLoseDigits: boolean;
  /** Bytes of the file that are read with it; of a list, its share of them. */
  readonly end: number;
}

const STEP = 1 << 22;
const MANY_DIGITS = /\d{16}/;

export class JsonRecords {
  private constructor(
    private readonly file: DataFile,
    private readonly list: readonly unknown[] | undefined,
    private readonly listMayLoseDigits: boolean,
    /** Of the first record; `undefined` when it is not known. */
    readonly format: Format | undefined,
  ) {}

  /**
   * @param forced overrules the detection
   * @throws Failure (exit code 2) when the file cannot be read, or is a JSON file that is no list
   */
  static async open(path: string, forced: FormatId | undefined): Promise<JsonRecords> {
    const file = await openDataFile(path);
    try {
      if (file.wide) throw new Failure('data-unreadable', file.wide.message, 'Then try again.', 2);
      const text = startsList(file) ? wholeText(file) : undefined;
      const list = text === undefined ? undefined : listIn(text, path);
      const { detection, document } = list
        ? { detection: detectFileFormat(objectsIn(list)), document: undefined }
        : readHead(file, forced);
      if (document === 'object')
        throw new Failure(
          'data',
          `${path} is one JSON object.`,
          'Write one record in each line, or a list of them.',
          2,
        );
      const detected = detection.kind === 'known' ? detection.format : undefined;
      const format = forced === undefined ? detected : formatById(forced);
      return new JsonRecords(file, list, text !== undefined && MANY_DIGITS.test(text), format);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  *values(): Generator<PlacedValue> {
    if (!this.list) yield* this.#lines();
    for (const [i, value] of (this.list ?? []).entries())
      yield {
        place: `, entry ${i + 1}:`,
        value,
        problem: undefined,
        mayLoseDigits: this.listMayLoseDigits,
        end: ((i + 1) / this.list!.length) * this.size,
      };
  }

  /** In bytes. */
  get size(): number {
    return this.file.size;
  }

  assertUnchanged(): void {
    this.file.assertUnchanged();
  }

  close(): void {
    this.file.close();
  }

  *#lines(): Generator<PlacedValue> {
    for (const { source, line, end, wrong } of fileLines(this.file, STEP)) {
      const place = `:${line}:`;
      if (source === undefined)
        yield { place, value: undefined, problem: 'The line is too long.', mayLoseDigits: false, end };
      else if (!isBlank(source)) {
        const parsed = parseLine(source);
        yield {
          place,
          value: parsed.ok ? parsed.value : undefined,
          problem: parsed.ok ? wrong : parsed.error.message,
          mayLoseDigits: MANY_DIGITS.test(source),
          end,
        };
      }
    }
  }
}

/** A JSON Lines file has an object in its first line. */
function startsList(file: DataFile): boolean {
  const head = Buffer.alloc(Math.min(4096, file.size - file.begin));
  readFully(file, head, file.begin);
  return head.toString('latin1').trimStart().startsWith('[');
}

function wholeText(file: DataFile): string {
  const size = file.size - file.begin;
  if (size > LONGEST_LINE)
    throw new Failure(
      'data-too-large',
      `${file.path} is one JSON list of more than ${Math.floor(LONGEST_LINE / 2 ** 20)} MiB.`,
      'Write it as JSON Lines, one record in each line.',
      2,
    );
  const bytes = Buffer.alloc(size);
  readFully(file, bytes, file.begin);
  return bytes.toString('utf8');
}

function listIn(text: string, path: string): readonly unknown[] {
  const parsed = parseLine(text);
  if (parsed.ok && Array.isArray(parsed.value)) return parsed.value as readonly unknown[];
  throw new Failure(
    'data',
    `${path} begins like a JSON list, but is none: ${parsed.ok ? 'it holds something else.' : parsed.error.message}`,
    'Correct the file, or write one record in each line.',
    2,
  );
}

function* objectsIn(list: readonly unknown[]): Generator<Readonly<Record<string, unknown>>> {
  for (const item of list) {
    const record = asRecord(item);
    if (record) yield record;
  }
}
