import { nodeAt, positionsOf, type JsonNode } from '../dataset/jsonl';

/** Replaces a UTF-16 range of a line. */
export interface LineEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A way out of a finding. */
export interface Fix {
  /** What it does, as an imperative: `Rename "human" to "user"`. */
  readonly title: string;
  /** Changes neither what the model reads nor what it learns, so it may be applied without a look at it. */
  readonly safe: boolean;
  /** Changes of the finding's own line. They do not overlap. */
  readonly edits?: readonly LineEdit[];
  /** 1-based lines that are removed with their line ends. */
  readonly removeLines?: readonly number[];
}

/** `source` after the edits. */
export function applyEdits(source: string, edits: readonly LineEdit[]): string {
  let result = source;
  for (const { start, end, text } of edits.toSorted((a, b) => b.start - a.start || b.end - a.end))
    result = result.slice(0, start) + text + result.slice(end);
  return result;
}

/** Edits of one record that keep everything else in its line as it is written. All take JSON pointers; an edit of what is not there is empty. */
export class RecordEditor {
  readonly #source: string;
  readonly #root: JsonNode | undefined;

  constructor(source: string) {
    this.#source = source;
    this.#root = positionsOf(source);
  }

  /** Gives the value at the pointer another value. */
  replace(pointer: string, value: unknown): readonly LineEdit[] {
    const found = this.#find(pointer);
    return found ? [{ start: found.node.start, end: found.node.end, text: JSON.stringify(value) }] : [];
  }

  /** Renames the last key of the pointer; empty when the object has a key of the new name. */
  rename(pointer: string, key: string): readonly LineEdit[] {
    const found = this.#find(pointer);
    const owner = this.#find(parentOf(pointer));
    if (!found?.member || owner?.node.members?.some((member) => member.key === key)) return [];
    return [{ start: found.member.keyStart, end: found.member.keyEnd, text: JSON.stringify(key) }];
  }

  /** Adds a member at the end of the object at the pointer; empty when it has that key. */
  add(pointer: string, key: string, value: unknown): readonly LineEdit[] {
    const members = this.#find(pointer)?.node.members;
    if (!members || members.some((member) => member.key === key)) return [];
    const last = members.at(-1);
    const at = last ? last.value.end : this.#find(pointer)!.node.start + 1;
    const colon = /^\s*:(\s*)/.exec(last ? this.#source.slice(last.keyEnd) : ': ')?.[1] ?? ' ';
    const gap = members.length > 1 ? this.#source.slice(members[0]!.value.end, members[1]!.keyStart) : ', ';
    return [{ start: at, end: at, text: `${last ? gap : ''}${JSON.stringify(key)}:${colon}${JSON.stringify(value)}` }];
  }

  /** Removes the member or the list item at the pointer, with one comma. */
  remove(pointer: string): readonly LineEdit[] {
    return this.removeAll([pointer]);
  }

  /** Removes several members or items of one object or list. */
  removeAll(pointers: readonly string[]): readonly LineEdit[] {
    const first = pointers[0];
    const owner = first === undefined ? undefined : this.#find(parentOf(first))?.node;
    if (!owner) return [];
    const parts = owner.members
      ? owner.members.map((member) => ({ start: member.keyStart, end: member.value.end, node: member.value }))
      : (owner.items ?? []).map((node) => ({ start: node.start, end: node.end, node }));
    const gone = new Set(pointers.map((pointer) => this.#find(pointer)?.node));
    return this.#without(parts, (part) => gone.has(part.node));
  }

  /** Removes the members whose keys come again later in the same object: `JSON.parse` takes the last one. */
  removeEarlierDuplicates(pointer: string, key: string): readonly LineEdit[] {
    const members = this.#find(pointer)?.node.members ?? [];
    const last = members.findLast((member) => member.key === key);
    const parts = members.map((member) => ({ start: member.keyStart, end: member.value.end, member }));
    return this.#without(parts, ({ member }) => member.key === key && member !== last);
  }

  #without<Part extends { readonly start: number; readonly end: number }>(
    parts: readonly Part[],
    isGone: (part: Part) => boolean,
  ): LineEdit[] {
    const edits: LineEdit[] = [];
    const kept = parts.findIndex((part) => !isGone(part));
    for (const [i, part] of parts.entries()) {
      if (!isGone(part)) continue;
      // With the comma before it; those in front of the first that stays, with the comma after.
      const leading = kept < 0 ? i === 0 : i < kept;
      const start = leading || i === 0 ? part.start : parts[i - 1]!.end;
      const end = leading && i + 1 < parts.length ? parts[i + 1]!.start : part.end;
      edits.push({ start, end, text: '' });
    }
    return edits;
  }

  #find(pointer: string): ReturnType<typeof nodeAt> {
    return this.#root && nodeAt(this.#root, pointer);
  }
}

function parentOf(pointer: string): string {
  return pointer.slice(0, pointer.lastIndexOf('/'));
}
