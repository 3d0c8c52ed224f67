/** Whether a whole number in the value is too large to be written as it was read. */
export function losesDigits(value: unknown): boolean {
  // No recursion: JSON may be nested deeper than the stack.
  const open: unknown[] = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one === 'number' && Number.isInteger(one) && !Number.isSafeInteger(one)) return true;
    if (typeof one === 'object' && one !== null) for (const inner of Object.values(one)) open.push(inner);
  }
  return false;
}
