import { positionsOf, type JsonNode } from '../../dataset/jsonl';
import { asRecord, pointerTo } from '../../dataset/shape';
import { editFix, RecordEditor, type Fix } from '../fixes';
import { defineRule, type Report } from './rule';

export const duplicateKey = defineRule({
  meta: {
    id: 'duplicate-key',
    title: 'Key stands twice in one object',
    why: 'Only one of the two values can be used. Most readers silently take the last one, some the first, so it is a matter of luck which text is trained.',
    whatToDo: 'Remove the value that is not meant, or rename its key.',
    defaultSeverity: 'error',
    options: {},
    fixes: 'both',
    examples: {
      valid: [
        { text: '{"text": "A \\"key\\": twice, \\"key\\": in the text."}\n' },
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!"}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"instruction": "Name a colour.", "output": "Green.", "output": "Blue."}\n',
          lines: [1],
        },
        { text: '{"text": "Some text.", "source": {"a": 1, "b": 2, "a": 1}}\n', lines: [1] },
      ],
    },
  },
  check: {
    line({ source, value, line }, report) {
      if (typeof value !== 'object' || value === null || colons(source) === members(value)) return;
      const root = positionsOf(source);
      if (root) reportIn(root, source, line, report);
    },
  },
});

/** Colons that can stand after a key: at least as many as there are keys. */
function colons(source: string): number {
  let count = 0;
  for (let at = source.indexOf(':'); at >= 0; at = source.indexOf(':', at + 1)) {
    let before = at - 1;
    while (before >= 0 && source.charCodeAt(before) <= 32) before--;
    if (source.charCodeAt(before) !== 34) continue;
    let slashes = 0;
    while (source.charCodeAt(before - 1 - slashes) === 92) slashes++;
    if (slashes % 2 === 0) count++;
  }
  return count;
}

/** Members of all objects in a value. Does not recurse: a line can be nested deeper than the stack. */
function members(value: object): number {
  let count = 0;
  const open: object[] = [value];
  for (let next = open.pop(); next; next = open.pop()) {
    if (Array.isArray(next)) {
      for (const item of next as readonly unknown[]) if (typeof item === 'object' && item !== null) open.push(item);
      continue;
    }
    const owner = asRecord(next)!;
    for (const key in owner) {
      count++;
      const inner = owner[key];
      if (typeof inner === 'object' && inner !== null) open.push(inner);
    }
  }
  return count;
}

interface Place {
  readonly node: JsonNode;
  readonly owner: Place | undefined;
  readonly key: string | number;
}

function reportIn(root: JsonNode, source: string, line: number, report: Report): void {
  const open: Place[] = [{ node: root, owner: undefined, key: '' }];
  for (let place = open.pop(); place; place = open.pop()) {
    const owner = place;
    for (const [i, node] of owner.node.items?.entries() ?? [])
      if (node.members || node.items) open.push({ node, owner, key: i });
    if (!owner.node.members) continue;
    const last = new Map<string, JsonNode>();
    if (owner.node.members.some((member) => member.duplicate))
      for (const { key, value } of owner.node.members) last.set(key, value);
    for (const { key, keyStart, keyEnd, value } of owner.node.members) {
      const kept = last.get(key) ?? value;
      if (kept === value) {
        if (value.members || value.items) open.push({ node: value, owner, key });
        continue;
      }
      const pointer = pointerOf(owner);
      report({
        message: `The key ${JSON.stringify(key)} comes again later in the same object, so this value is lost. Remove one of the two, or rename it.`,
        range: { start: keyStart, end: keyEnd },
        related: [{ line, pointer: pointerTo(pointer, key), message: 'This value is used.' }],
        fixes: () => fixesFor(source, pointer, key, sameText(source, value, kept)),
      });
    }
  }
}

function pointerOf(place: Place): string {
  const keys: (string | number)[] = [];
  for (let at = place; at.owner; at = at.owner) keys.push(at.key);
  return keys.toReversed().reduce<string>((pointer, key) => pointerTo(pointer, key), '');
}

function sameText(source: string, a: JsonNode, b: JsonNode): boolean {
  return source.slice(a.start, a.end) === source.slice(b.start, b.end);
}

function fixesFor(source: string, pointer: string, key: string, same: boolean): readonly Fix[] {
  const editor = new RecordEditor(source);
  if (same) return editFix('Remove the repeated key', true, editor.removeDuplicates(pointer, key, 'last'));
  return [
    ...editFix('Keep the last value', false, editor.removeDuplicates(pointer, key, 'last')),
    ...editFix('Keep the first value', false, editor.removeDuplicates(pointer, key, 'first')),
  ];
}
