import { isMisspelt } from '../../dataset/aliases';
import { asRecord, pointerTo, type Shape, type ShapeProblem } from '../../dataset/shape';
import { defineRule } from './rule';
import { editFix, RecordEditor } from '../fixes';

/** Keys that say where a record comes from and what it is about. */
const DESCRIPTIVE = [
  'id',
  'idx',
  'index',
  'uid',
  'uuid',
  'name',
  'title',
  'metadata',
  'meta',
  'info',
  'source',
  'dataset',
  'split',
  'url',
  'license',
  'author',
  'annotator',
  'date',
  'timestamp',
  'created_at',
  'language',
  'lang',
  'locale',
  'category',
  'topic',
  'domain',
  'task',
  'type',
  'tags',
  'keywords',
  'difficulty',
  'quality',
  'score',
  'rating',
  'model',
  'version',
  'notes',
  'comment',
];

export const unknownKey = defineRule({
  meta: {
    id: 'unknown-key',
    title: 'Key is not read',
    why: 'The format has no such key, so the model sees nothing of what it holds. Often it is a misspelt key, or a part of the conversation that is silently lost.',
    whatToDo:
      'Correct the name or remove the key. Keys that describe the record are fine: add them to the option "allowed", or begin them with an underscore.',
    defaultSeverity: 'warning',
    options: {
      allowed: {
        type: 'list',
        default: DESCRIPTIVE,
        description: 'Keys that only describe a record or a message and need not be read.',
      },
    },
    fixes: 'suggestion',
    examples: {
      valid: [
        { text: '{"text": "Some text.", "id": 7, "_reviewed": true, "source": "mail", "grade": "B+", "shop": 12}\n' },
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!"}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"instruction": "Translate to German.", "inptu": "Good morning.", "output": "Guten Morgen."}\n',
          lines: [1],
        },
        {
          text: '{"instruction": "Answer from the context.", "context": "The shop opens at nine and closes at six, also on Saturdays.", "output": "It opens at nine."}\n',
          lines: [1],
        },
        {
          text: '{"messages": [{"role": "user", "content": "Two plus two?"}, {"role": "assistant", "content": "It is 4.", "reasoning": "2 + 2 = 4"}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    record({ value, format, foreign, problems, source }, report, { allowed }) {
      if (foreign || !hasUnread(format.shape, value, allowed)) return;
      walk(format.shape, value, '', (owner, fields, pointer) => {
        for (const key in owner) {
          if (Object.hasOwn(fields, key) || key.startsWith('_') || allowed.includes(key)) continue;
          const inner = owner[key];
          if (inner === null || isNamed(problems, pointer, key)) continue;
          const own = pointerTo(pointer, key);
          const near = Object.keys(fields).find((field) => !Object.hasOwn(owner, field) && isMisspelt(key, field));
          // A number or a few words beside the conversation only describe it.
          if (near === undefined && pointer === '' && !isContent(inner)) continue;
          report({
            pointer: own,
            mark: 'key',
            message:
              near === undefined
                ? `The key ${JSON.stringify(key)} is not read, so the model sees nothing of it. Remove it, or allow it in the options of this rule.`
                : `The key ${JSON.stringify(key)} is not read. Write "${near}".`,
            fixes: () => {
              const editor = new RecordEditor(source);
              return [
                ...(near === undefined ? [] : editFix(`Rename "${key}" to "${near}"`, false, editor.rename(own, near))),
                ...editFix(`Remove "${key}"`, false, editor.remove(own)),
              ];
            },
          });
        }
      });
    },
  },
});

const CONTENT_LENGTH = 40;

/** Whether a value may be a part of what was said: text of some length, or a list or an object that holds one. */
function isContent(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value.length >= CONTENT_LENGTH;
  if (typeof value !== 'object' || value === null || depth > 2) return false;
  return Object.values(value).some((inner) => isContent(inner, depth + 1));
}

/** Whether there is any key that no shape names and nobody allowed: nearly all records have none. */
function hasUnread(shape: Shape, value: unknown, allowed: readonly string[]): boolean {
  switch (shape.kind) {
    case 'object': {
      const owner = asRecord(value);
      const known = owner && shapesOf(shape.fields);
      if (!known || known.size === 0) return false;
      for (const key in owner) {
        const inner = owner[key];
        const own = known.get(key);
        if (!own) {
          if (inner !== null && !key.startsWith('_') && !allowed.includes(key)) return true;
        } else if (typeof inner === 'object' && inner !== null && hasUnread(own, inner, allowed)) return true;
      }
      return false;
    }
    case 'list':
      if (Array.isArray(value))
        for (const item of value)
          if (typeof item === 'object' && item !== null && hasUnread(shape.of, item, allowed)) return true;
      return false;
    case 'one-of': {
      const wanted = Array.isArray(value) ? 'list' : 'object';
      for (const one of shape.of) if (one.kind === wanted) return hasUnread(one, value, allowed);
      return false;
    }
    default:
      return false;
  }
}

const shapes = new WeakMap<Fields, ReadonlyMap<string, Shape>>();

function shapesOf(fields: Fields): ReadonlyMap<string, Shape> {
  let known = shapes.get(fields);
  if (!known) {
    known = new Map(Object.entries(fields).map(([key, { shape }]) => [key, shape]));
    shapes.set(fields, known);
  }
  return known;
}

type Fields = Readonly<Record<string, { readonly shape: Shape }>>;
type Visit = (owner: Readonly<Record<string, unknown>>, fields: Fields, pointer: string) => void;

/** Visits all objects whose keys the shape names. */
function walk(shape: Shape, value: unknown, pointer: string, visit: Visit): void {
  switch (shape.kind) {
    case 'object': {
      const owner = asRecord(value);
      if (!owner) return;
      let named = false;
      for (const key in shape.fields) {
        named = true;
        const inner = owner[key];
        if (typeof inner === 'object' && inner !== null)
          walk(shape.fields[key]!.shape, inner, `${pointer}/${key}`, visit);
      }
      if (named) visit(owner, shape.fields, pointer);
      return;
    }
    case 'list':
      if (Array.isArray(value))
        for (const [i, item] of value.entries())
          if (typeof item === 'object' && item !== null) walk(shape.of, item, `${pointer}/${i}`, visit);
      return;
    case 'one-of': {
      const wanted = Array.isArray(value) ? 'list' : 'object';
      const fitting = shape.of.find((one) => one.kind === wanted);
      if (fitting) walk(fitting, value, pointer, visit);
      return;
    }
    default:
  }
}

/** Another rule has said that the key is meant for a missing one. */
function isNamed(problems: readonly ShapeProblem[], pointer: string, key: string): boolean {
  return problems.some((problem) => problem.kind === 'missing' && problem.pointer === pointer && problem.near === key);
}
