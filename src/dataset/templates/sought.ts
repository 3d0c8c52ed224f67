/** What a template looks for in its values: a text that has any of it may be rendered in another way than others. */
export interface Sought {
  /** Parts of a text: operands of `in`, arguments of `startswith`, `split`, `replace` … */
  readonly parts: readonly string[];
  /** Whole texts: operands of `==`. */
  readonly whole: readonly string[];
  /** Characters that are stripped from the ends of a text. */
  readonly ends: string;
  /** The template compares values with each other, so that it may see that two messages are equal. */
  readonly equalValues: boolean;
  /** It compares a value with an element of a list: `message == messages[-1]`. */
  readonly equalElements: boolean;
  /** The template looks for something that stands not in its source. */
  readonly unknown: boolean;
}

const TEXT_METHODS = new Set(['startswith', 'endswith', 'split', 'rsplit', 'replace', 'find', 'index', 'count']);
const STRIP_FUNCTIONS = /^__[lr]?strip__$/;
const TEXT_FILTERS = new Set(['replace', 'split']);

/** Reads the parsed template, whatever its nodes are. */
export function findSought(root: object): Sought {
  const parts = new Set<string>();
  const whole = new Set<string>();
  let ends = '';
  let equalValues = false;
  let equalElements = false;
  let unknown = false;
  const addParts = (nodes: readonly unknown[]): void => {
    for (const node of nodes) {
      const text = textOf(node);
      if (text !== undefined) parts.add(text);
      else if (typeOf(node) !== 'IntegerLiteral') unknown = true;
    }
  };
  const todo: object[] = [root];
  for (let node = todo.pop(); node; node = todo.pop()) {
    const type = typeOf(node);
    if (type === 'BinaryExpression') {
      const operator = String(field(field(node, 'operator'), 'value'));
      const left = field(node, 'left');
      const right = field(node, 'right');
      if (operator === '==' || operator === '!=') {
        equalValues ||= isPlace(left) && isPlace(right);
        equalElements ||= (isElement(left) && isName(right)) || (isName(left) && isElement(right));
        for (const side of [left, right]) {
          const text = textOf(side);
          if (text !== undefined) whole.add(text);
        }
      }
      // A list of literals is compared with whole values, which are names of roles and types.
      if (operator === 'in' || operator === 'not in')
        if (/^(Array|Tuple)Literal$/.test(typeOf(right))) addWhole(field(right, 'value'), whole);
        else addParts([left]);
    }
    if (type === 'CallExpression') {
      const callee = field(node, 'callee');
      const args = field(node, 'args');
      const name = typeOf(callee) === 'MemberExpression' ? field(field(callee, 'property'), 'value') : undefined;
      const filter = typeOf(callee) === 'Identifier' ? String(field(callee, 'value')) : '';
      if (Array.isArray(args)) {
        if (typeof name === 'string' && TEXT_METHODS.has(name)) addParts(args);
        else if (TEXT_FILTERS.has(filter)) addParts(args);
        // The text to strip comes first in a rewritten call.
        else if (STRIP_FUNCTIONS.test(filter)) {
          const stripped = textOf(args[1]);
          if (stripped === undefined && args.length > 1) unknown = true;
          ends += stripped ?? '';
        }
      }
    }
    for (const child of Object.values(node) as unknown[])
      if (typeof child === 'object' && child !== null) todo.push(child);
  }
  return { parts: [...parts], whole: [...whole], ends, equalValues, equalElements, unknown };
}

const isPlace = (node: unknown): boolean => /^(Identifier|MemberExpression)$/.test(typeOf(node));

const isName = (node: unknown): boolean => typeOf(node) === 'Identifier';
const isElement = (node: unknown): boolean =>
  field(node, 'computed') === true && /^(IntegerLiteral|UnaryExpression)$/.test(typeOf(field(node, 'property')));

function addWhole(nodes: unknown, whole: Set<string>): void {
  if (!Array.isArray(nodes)) return;
  for (const node of nodes) {
    const text = textOf(node);
    if (text !== undefined) whole.add(text);
  }
}

function textOf(node: unknown): string | undefined {
  const value = typeOf(node) === 'StringLiteral' ? field(node, 'value') : undefined;
  return typeof value === 'string' ? value : undefined;
}

const typeOf = (node: unknown): string => String(field(node, 'type'));

function field(node: unknown, name: string): unknown {
  return typeof node === 'object' && node !== null && name in node
    ? (node as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
