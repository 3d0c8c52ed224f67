/** Names that other data sets and careless hands give to keys and roles. */

/** What other data sets call a field. */
const OTHER_KEYS: Readonly<Record<string, readonly string[]>> = {
  messages: ['conversation', 'dialogue', 'dialog', 'turns', 'chat'],
  conversations: ['conversation', 'dialogue', 'dialog', 'turns'],
  text: ['value', 'content'],
  content: ['value', 'text', 'message'],
  value: ['content', 'text', 'message'],
  role: ['from', 'speaker', 'author'],
  from: ['role', 'speaker', 'author'],
  instruction: ['question', 'query', 'prompt'],
  output: ['response', 'answer', 'completion'],
  completion: ['response', 'answer', 'output'],
  prompt: ['question', 'query', 'input', 'instruction'],
  chosen: ['accepted', 'preferred', 'preferred_output'],
  rejected: ['refused', 'non_preferred', 'non_preferred_output'],
};

/** Names of one and the same role. */
const ROLE_NAMES: readonly (readonly string[])[] = [
  ['user', 'human', 'instruction', 'prompter', 'customer'],
  ['assistant', 'gpt', 'ai', 'bot', 'chatgpt', 'model', 'agent'],
  ['tool', 'observation', 'ipython'],
  ['system', 'sys'],
];

/** The key of `present` that is meant for `key`: written in another case, misspelt, or by another name. */
export function keyMeantFor(key: string, present: readonly string[]): string | undefined {
  const plain = key.toLowerCase();
  return (
    present.find((other) => other !== key && other.trim().toLowerCase() === plain) ??
    present.find((other) => isMisspelt(other, key)) ??
    OTHER_KEYS[key]?.find((other) => present.includes(other))
  );
}

/** The role among `values` that is meant. `certain`: another name of it, not only a near spelling. */
export function roleMeantBy(
  value: string,
  values: readonly string[],
): { readonly role: string; readonly certain: boolean } | undefined {
  const plain = value.trim().toLowerCase();
  if (values.includes(plain)) return { role: plain, certain: true };
  const known = ROLE_NAMES.find((names) => names.includes(plain))?.find((name) => values.includes(name));
  if (known !== undefined) return { role: known, certain: true };
  const near = values.find((one) => isMisspelt(plain, one));
  return near === undefined ? undefined : { role: near, certain: false };
}

/** Whether a name can be taken for a slip of the pen: one letter wrong, or two in a long name. */
export function isMisspelt(written: string, meant: string): boolean {
  const allowed = meant.length >= 8 ? 2 : meant.length >= 4 ? 1 : 0;
  if (written === meant || Math.abs(written.length - meant.length) > allowed) return false;
  return allowed > 0 && distance(written.toLowerCase(), meant.toLowerCase()) <= allowed;
}

/** Letters to insert, delete, replace, or swap with the next one. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1);
      next.push(best);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
