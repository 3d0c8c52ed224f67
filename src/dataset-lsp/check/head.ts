import { detectFileFormat, formatById, type Detection, type FormatId } from '../../dataset/formats';
import { isBlank, parseLine } from '../../dataset/jsonl';
import { asRecord } from '../../dataset/shape';
import { wholeDocument } from '../linter';
import type { FileContext } from '../rules/rule';
import { fileLines } from './file-lines';
import { readFully, type OpenFile } from './line-block';

const STEP = 256 << 10;
// Lines that are no objects say nothing about the format; after so many bytes of them nothing will.
const LOOKED_AT = 64 << 20;
// A longer document is told by its ends alone: parsing it takes many times its size in memory.
const PARSED = 64 << 20;

/** What the beginning of a file says about all of it. */
export type Head = Pick<FileContext, 'detection' | 'first' | 'document'>;

export function readHead(file: OpenFile, forced: FormatId | undefined): Head {
  let first: FileContext['first'];
  let broken: string | undefined;
  let records = 0;
  const objects = function* (): Generator<Readonly<Record<string, unknown>>> {
    for (const { source, line } of fileLines(file, STEP, Math.min(file.size, file.begin + LOOKED_AT))) {
      if (source === undefined || isBlank(source)) continue;
      const parsed = parseLine(source);
      if (records++ === 0 && !parsed.ok) broken = source;
      const value = parsed.ok ? asRecord(parsed.value) : undefined;
      if (!value) continue;
      first ??= { line, value };
      yield value;
    }
  };
  let detection: Detection;
  if (forced === undefined) detection = detectFileFormat(objects());
  else {
    objects().next();
    detection = { kind: 'known', format: formatById(forced) };
  }
  return { detection, first, document: broken === undefined ? undefined : documentKind(file, broken) };
}

/** Whether a file whose first record is broken is one JSON value over several lines. */
function documentKind(file: OpenFile, firstRecord: string): FileContext['document'] {
  const opening = firstRecord.trim()[0];
  if (opening !== '[' && opening !== '{') return undefined;
  if (file.size > PARSED) return documentByItsEnds(file, firstRecord.trim());
  const bytes = Buffer.alloc(file.size - file.begin);
  readFully(file, bytes, file.begin);
  const text = bytes.toString('utf8');
  const start = text.search(/\S/);
  const feed = text.indexOf('\n', start);
  if (feed < 0 || isBlank(text.slice(feed))) return undefined;
  const source = text.slice(start, feed);
  const broken = { start, source, parsed: parseLine(source) };
  return wholeDocument(text, [broken, broken]);
}

function documentByItsEnds(file: OpenFile, firstRecord: string): FileContext['document'] {
  const tail = Buffer.alloc(256);
  readFully(file, tail, file.size - tail.length);
  const last = tail.toString('latin1').trimEnd().at(-1);
  if (firstRecord === '{') return last === '}' ? 'object' : undefined;
  return /^\[$|^\[.*,$/.test(firstRecord) && last === ']' ? 'list' : undefined;
}
