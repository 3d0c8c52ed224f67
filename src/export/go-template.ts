/**
 * Runs the part of Go's text/template in which `ollama-template.ts` writes, with the data that Ollama gives a template: a
 * second opinion on every template before it is written.
 */
export interface OllamaMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** @throws Error where the template uses anything else */
export function runGoTemplate(source: string, messages: readonly OllamaMessage[]): string {
  const { nodes, rest } = parse(lex(source));
  if (rest.length > 0) throw new Error(`{{ ${String(rest[0])} }} closes nothing`);
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  return run(nodes, { messages, system: system.join('\n\n'), variables: new Map(), at: undefined });
}

/** A text, or what stands between braces. */
type Token = { readonly text: string } | { readonly action: string };

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly action: string }
  | { readonly kind: 'range'; readonly body: readonly Node[] }
  | { readonly kind: 'if'; readonly branches: readonly { readonly test: string; readonly body: readonly Node[] }[] };

interface Scope {
  readonly messages: readonly OllamaMessage[];
  readonly system: string;
  readonly variables: Map<string, string>;
  /** In a range: which message. */
  readonly at: number | undefined;
}

/** A dash inside the braces removes the white space of the text on its side. */
function lex(source: string): Token[] {
  const tokens: Token[] = [];
  let trimNext = false;
  let at = 0;
  for (const match of source.matchAll(/\{\{(- )?((?:"(?:[^"\\]|\\.)*"|[^"}])*?)( -)?\}\}/g)) {
    const before = source.slice(at, match.index);
    const text = trimNext ? before.trimStart() : before;
    tokens.push({ text: match[1] ? text.trimEnd() : text }, { action: match[2]!.trim() });
    trimNext = match[3] !== undefined;
    at = match.index + match[0].length;
  }
  tokens.push({ text: trimNext ? source.slice(at).trimStart() : source.slice(at) });
  return tokens.filter((token) => !('text' in token) || token.text !== '');
}

const RANGE = 'range $i, $_ := .Messages';

/** Until an action that ends the block, which stays in the rest. */
function parse(tokens: readonly Token[]): { nodes: Node[]; rest: readonly Token[] } {
  const nodes: Node[] = [];
  let rest = tokens;
  while (rest.length > 0) {
    const [token] = rest;
    if ('text' in token!) nodes.push({ kind: 'text', text: token.text });
    else if (/^(end|else)\b/.test(token!.action)) break;
    else if (token!.action === RANGE) {
      const inner = parse(rest.slice(1));
      requireEnd(inner.rest);
      nodes.push({ kind: 'range', body: inner.nodes });
      rest = inner.rest;
    } else if (token!.action.startsWith('if ')) {
      const branches = [];
      let test: string | undefined = token!.action.slice(3);
      while (test !== undefined) {
        const inner = parse(rest.slice(1));
        branches.push({ test, body: inner.nodes });
        rest = inner.rest;
        const next = rest[0];
        test = next && 'action' in next ? elseTest(next.action) : undefined;
      }
      requireEnd(rest);
      nodes.push({ kind: 'if', branches });
    } else nodes.push({ kind: 'action', action: token!.action });
    rest = rest.slice(1);
  }
  return { nodes, rest };
}

/** Of `else if …`; empty for `else` alone. */
function elseTest(action: string): string | undefined {
  return action === 'else' ? '' : /^else if (.+)$/.exec(action)?.[1];
}

function requireEnd([token]: readonly Token[]): void {
  if (!token || !('action' in token) || token.action !== 'end') throw new Error('{{ end }} is missing');
}

function run(nodes: readonly Node[], scope: Scope): string {
  return nodes
    .map((node) => {
      if (node.kind === 'text') return node.text;
      if (node.kind === 'action') return act(node.action, scope);
      if (node.kind === 'range') return scope.messages.map((_, at) => run(node.body, { ...scope, at })).join('');
      const taken = node.branches.find(({ test }) => isTrue(test, scope));
      return taken ? run(taken.body, scope) : '';
    })
    .join('');
}

function act(action: string, scope: Scope): string {
  const [, name, value] = /^(\$\w+) :?= ("(?:[^"\\]|\\.)*"|\.Role)$/.exec(action) ?? [];
  if (name === undefined || value === undefined) return valueOf(action, scope);
  scope.variables.set(name, valueOf(value, scope));
  return '';
}

/** Without a test, behind a last `else`, always. */
function isTrue(test: string, scope: Scope): boolean {
  if (test === '') return true;
  const [, left, right] = /^and (\S+) \((.+)\)$/.exec(test) ?? [];
  if (left !== undefined && right !== undefined) return valueOf(left, scope) !== '' && isTrue(right, scope);
  if (test === 'eq (len (slice $.Messages $i)) 1') return scope.at === scope.messages.length - 1;
  const [, one, other] = /^eq (\S+) (\S+)$/.exec(test) ?? [];
  if (one === undefined || other === undefined) throw new Error(`{{ if ${test} }} is not known`);
  return valueOf(one, scope) === valueOf(other, scope);
}

function valueOf(expression: string, { messages, system, variables, at }: Scope): string {
  if (expression.startsWith('"')) return String(JSON.parse(expression));
  if (expression === '$.System') return system;
  const message = at === undefined ? undefined : messages[at];
  if (expression === '.Content' && message) return message.content;
  if (expression === '.Role' && message) return message.role;
  const value = variables.get(expression);
  if (value === undefined) throw new Error(`{{ ${expression} }} is not known`);
  return value;
}
