import { Template } from '@huggingface/jinja';

/**
 * Compiles a chat template so that it renders as Python's Jinja does where the library differs: line ends of the source
 * are LF, and `strip`, `lstrip` and `rstrip` obey their argument (the library always strips white space).
 * Throws what the library throws.
 */
export function compileJinja(source: string): (variables: Readonly<Record<string, unknown>>) => string {
  const template = new Template(source.replaceAll(/\r\n?/g, '\n'));
  rewriteStrips(template.parsed);
  const functions = Object.fromEntries(
    Object.entries(STRIPS).map(([method, strip]) => [
      functionName(method),
      // The library calls with what its values hold; a text that is missing arrives as null.
      (text: unknown, characters: unknown) => strip(String(text ?? ''), String(characters ?? '')),
    ]),
  );
  return (variables) => template.render({ ...functions, ...variables });
}

const STRIPS: Readonly<Record<string, (text: string, characters: string) => string>> = {
  strip: (text, characters) => stripEnd(stripStart(text, characters), characters),
  lstrip: stripStart,
  rstrip: stripEnd,
};

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

/** Turns `x.lstrip(y)` into `__lstrip__(x, y)`, anywhere in the tree. */
function rewriteStrips(root: object): void {
  const todo: object[] = [root];
  for (let node = todo.pop(); node; node = todo.pop()) {
    const found = stripCall(node);
    if (found) {
      found.call.args.unshift(found.object);
      found.call.callee = { type: 'Identifier', value: functionName(found.method) };
    }
    for (const child of Object.values(node) as unknown[])
      if (typeof child === 'object' && child !== null) todo.push(child);
  }
}

interface StripCall {
  callee: object;
  readonly args: object[];
}

/** The method call that the node is, if it is one of a strip with an argument. */
function stripCall(
  node: object,
): { readonly call: StripCall; readonly object: object; readonly method: string } | undefined {
  if (!('callee' in node && 'args' in node)) return undefined;
  const { callee, args } = node;
  if (!Array.isArray(args) || args.length === 0 || typeof callee !== 'object' || callee === null) return undefined;
  if (!('object' in callee && 'property' in callee && 'computed' in callee) || callee.computed !== false)
    return undefined;
  const { object, property } = callee;
  if (typeof object !== 'object' || object === null || typeof property !== 'object' || property === null)
    return undefined;
  if (!('value' in property) || typeof property.value !== 'string' || !Object.hasOwn(STRIPS, property.value))
    return undefined;
  return { call: node as StripCall, object, method: property.value };
}
