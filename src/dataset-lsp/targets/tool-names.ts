export interface ToolDefinition {
  /** JSON pointer of the name. */
  readonly pointer: string;
  readonly name: string;
}

/** Names of the tools and functions that a record of OpenAI's form defines. */
export function toolsOf(record: Readonly<Record<string, unknown>>): ToolDefinition[] {
  const input = record['input'];
  const owner = isObject(input) ? input : record;
  const base = owner === record ? '' : '/input';
  const names = (key: string, inner: string): ToolDefinition[] => {
    const list = owner[key];
    if (!Array.isArray(list)) return [];
    return (list as readonly unknown[]).flatMap((tool, i) => {
      const defined = inner === '' ? tool : isObject(tool) ? tool[inner] : undefined;
      const name = isObject(defined) ? defined['name'] : undefined;
      const path = `${base}/${key}/${i}${inner === '' ? '' : `/${inner}`}/name`;
      return typeof name === 'string' ? [{ pointer: path, name }] : [];
    });
  };
  return [...names('tools', 'function'), ...names('functions', '')];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
