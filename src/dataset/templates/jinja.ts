import { Template } from '@huggingface/jinja';
import { findSought, type Sought } from './sought';

/** A compiled chat template. */
export interface JinjaTemplate {
  render(variables: Readonly<Record<string, unknown>>): string;
  /** What the template looks for in its values. */
  readonly sought: Sought;
}

/**
 * Compiles a chat template so that it renders as Python's Jinja does where the library differs: line ends of the source
 * are LF, `strip`, `lstrip` and `rstrip` obey their argument (the library always strips white space), and white space is
 * what Python calls so, for these and for `trim`.
 * Throws what the library throws.
 */
export function compileJinja(source: string): JinjaTemplate {
  const template = new Template(source.replaceAll(/\r\n?/g, '\n'));
  rewriteStrips(template.parsed);
  const functions = Object.fromEntries(
    Object.entries(STRIPS).map(([method, strip]) => [
      functionName(method),
      // The library calls with what its values hold; a text that is missing arrives as null.
      (text: unknown, characters: unknown) =>
        strip(String(text ?? ''), typeof characters === 'string' ? characters : PYTHON_SPACE),
    ]),
  );
  return {
    render: (variables) => template.render({ ...functions, ...variables }),
    sought: findSought(template.parsed),
  };
}

const STRIPS: Readonly<Record<string, (text: string, characters: string) => string>> = {
  strip: (text, characters) => stripEnd(stripStart(text, characters), characters),
  lstrip: stripStart,
  rstrip: stripEnd,
};

// What `str.isspace` says of: more than JavaScript's in the control characters, and without U+FEFF.
const PYTHON_SPACE =
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

/** A text without the white space around it, as Python's `str.strip` and Jinja's `trim` leave it. */
export function pythonStrip(text: string): string {
  return stripEnd(stripStart(text, PYTHON_SPACE), PYTHON_SPACE);
}

const functionName = (method: string): string => `__${method}__`;

function stripStart(text: string, characters: string): string {
  let start = 0;
  while (start < text.length && characters.includes(text[start]!)) start++;
  return text.slice(start);
}

function stripEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** Turns `x.lstrip(y)` into `__lstrip__(x, y)` and `x|trim` into `__strip__(x)`, anywhere in the tree. */
function rewriteStrips(root: object): void {
  const todo: object[] = [root];
  for (let node = todo.pop(); node; node = todo.pop()) {
    const found = stripCall(node);
    if (found) {
      found.call.args.unshift(found.object);
      found.call.callee = { type: 'Identifier', value: functionName(found.method) };
    }
    if (isTrim(node))
      Object.assign(node, {
        type: 'CallExpression',
        callee: { type: 'Identifier', value: functionName('strip') },
        args: [node.operand],
      });
    for (const child of Object.values(node) as unknown[])
      if (typeof child === 'object' && child !== null) todo.push(child);
  }
}

function isTrim(node: object): node is { readonly operand: object } {
  if (!('operand' in node && 'filter' in node) || typeof node.filter !== 'object' || node.filter === null) return false;
  return 'value' in node.filter && node.filter.value === 'trim';
}

interface StripCall {
  callee: object;
  readonly args: object[];
}

/** The method call that the node is, if it is one of a strip. */
function stripCall(
  node: object,
): { readonly call: StripCall; readonly object: object; readonly method: string } | undefined {
  if (!('callee' in node && 'args' in node)) return undefined;
  const { callee, args } = node;
  if (!Array.isArray(args) || typeof callee !== 'object' || callee === null) return undefined;
  if (!('object' in callee && 'property' in callee && 'computed' in callee) || callee.computed !== false)
    return undefined;
  const { object, property } = callee;
  if (typeof object !== 'object' || object === null || typeof property !== 'object' || property === null)
    return undefined;
  if (!('value' in property) || typeof property.value !== 'string' || !Object.hasOwn(STRIPS, property.value))
    return undefined;
  return { call: node as StripCall, object, method: property.value };
}
