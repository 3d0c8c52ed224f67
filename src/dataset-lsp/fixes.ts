import { nodeAt, positionsOf, stringRange, type JsonNode } from '../dataset/jsonl';

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
  /** Changes of every line of the file, from the line's text: for what is wrong in all records alike. */
  readonly everyLine?: (source: string) => readonly LineEdit[];
}

/** A fix of the finding's own line as a list; an empty list when there is nothing to edit. */
export function editFix(title: string, safe: boolean, edits: readonly LineEdit[]): readonly Fix[] {
  return edits.length === 0 ? [] : [{ title, safe, edits }];
}

/** @param line 1-based */
export function removeRecord(line: number): Fix {
  return { title: 'Remove this record', safe: false, removeLines: [line] };
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

  /** What stands at the pointer, as it is written. */
  sourceAt(pointer: string): string | undefined {
    const found = this.#find(pointer);
    return found && this.#source.slice(found.node.start, found.node.end);
  }

  /** Puts other JSON in the place of the value at the pointer, as it is given. */
  replaceSource(pointer: string, json: string): readonly LineEdit[] {
    const found = this.#find(pointer);
    return found ? [{ start: found.node.start, end: found.node.end, text: json }] : [];
  }

  /** Puts a text in the place of the UTF-16 units `from` to `to` of the text at the pointer; the rest stays as it is written. */
  replaceWithin(pointer: string, from: number, to: number, text: string): readonly LineEdit[] {
    const found = this.#find(pointer);
    if (found?.node.type !== 'string') return [];
    return [{ ...stringRange(this.#source, found.node, from, to), text: JSON.stringify(text).slice(1, -1) }];
  }

  /** Moves the item at the pointer of a list in front of the item of that index. */
  moveBefore(pointer: string, index: number): readonly LineEdit[] {
    const items = this.#find(parentOf(pointer))?.node.items;
    const target = items?.[index];
    const item = this.#find(pointer)?.node;
    if (!items || !target || !item || items.indexOf(item) <= index) return [];
    const gap = this.#source.slice(items[0]!.end, items[1]!.start);
    const moved = this.#source.slice(item.start, item.end) + gap;
    return [{ start: target.start, end: target.start, text: moved }, ...this.remove(pointer)];
  }

  /** Renames the last key of the pointer; empty when the object has a key of the new name, or the old one twice. */
  rename(pointer: string, key: string): readonly LineEdit[] {
    const found = this.#find(pointer);
    const members = this.#find(parentOf(pointer))?.node.members ?? [];
    if (!found?.member || found.member.duplicate || members.some((member) => member.key === key)) return [];
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

  /** Removes items of one list; empty when no item would be left, or when they stand in several lists. */
  removeItems(pointers: readonly string[]): readonly LineEdit[] {
    const owner = parentOf(pointers[0] ?? '');
    const items = this.#find(owner)?.node.items ?? [];
    const together = pointers.every((pointer) => parentOf(pointer) === owner);
    return together && items.length > new Set(pointers).size ? this.removeAll(pointers) : [];
  }

  /** Removes several members or items of one object or list. */
  removeAll(pointers: readonly string[]): readonly LineEdit[] {
    const first = pointers[0];
    const owner = first === undefined ? undefined : this.#find(parentOf(first))?.node;
    if (!owner) return [];
    const found = pointers.map((pointer) => this.#find(pointer));
    if (owner.members) {
      // Of a key that stands there twice both go, or the other one would come to light.
      const keys = new Set(found.map((one) => one?.member?.key));
      const members = owner.members.map(({ key, keyStart, value }) => ({ start: keyStart, end: value.end, key }));
      return this.#without(members, ({ key }) => keys.has(key));
    }
    const gone = new Set(found.map((one) => one?.node));
    return this.#without(owner.items ?? [], (item) => gone.has(item));
  }

  /** Removes the members of one key but the first or the last of them; `JSON.parse` takes the last one. */
  removeDuplicates(pointer: string, key: string, keep: 'first' | 'last'): readonly LineEdit[] {
    const members = this.#find(pointer)?.node.members ?? [];
    const kept = members[keep === 'first' ? 'find' : 'findLast']((member) => member.key === key);
    const parts = members.map((member) => ({ start: member.keyStart, end: member.value.end, member }));
    return this.#without(parts, ({ member }) => member.key === key && member !== kept);
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
