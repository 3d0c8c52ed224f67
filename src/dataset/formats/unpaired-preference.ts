import type { Shape } from '../shape';
import { chat } from './chat';
import { completion } from './completion';
import type { Format } from './format';
import { instruction } from './instruction';
import { sharegpt } from './sharegpt';

type Raw = Readonly<Record<string, unknown>>;
type Fields = Extract<Shape, { kind: 'object' }>['fields'];

/** How the dialogue beside the label is written. */
const BASES: readonly Format[] = [chat, sharegpt, completion, instruction];

/**
 * An answer that is good or bad (KTO): `{"prompt", "completion", "label"}`, or messages with a label. Supervised
 * training takes the answers whose label is true.
 */
export const unpairedPreference: Format = {
  id: 'unpaired-preference',
  keys: '"prompt", "completion" and "label"',
  shape: {
    kind: 'object',
    fields: {
      ...allFields(),
      // What a label may be is the matter of a rule of its own.
      label: { shape: { kind: 'any' }, required: (record) => !('kto_tag' in record) },
      kto_tag: { shape: { kind: 'any' } },
    },
  },
  recognises(record) {
    if ('kto_tag' in record) return BASES.some((base) => base.recognises(record));
    // Any other label may be a category, which has nothing to do with preferences. An instruction has `kto_tag`.
    return isLabel(record['label']) && BASES.some((base) => base !== instruction && base.recognises(record));
  },
  toExample: (record) => (labelOf(record).value === true ? baseOf(record).toExample(record) : undefined),
  turns(record) {
    const turns = baseOf(record).turns(record);
    return labelOf(record).value === true ? turns : turns.map((turn) => ({ ...turn, trained: false }));
  },
};

/** The format that the record has but for its label. */
export function baseOf(record: Raw): Format {
  return BASES.find((base) => base.recognises(record)) ?? completion;
}

/** LLaMA-Factory calls it `kto_tag`. */
export function labelOf(record: Raw): { readonly key: 'label' | 'kto_tag'; readonly value: unknown } {
  const key = !('label' in record) && 'kto_tag' in record ? 'kto_tag' : 'label';
  return { key, value: record[key] };
}

/** The truth that is meant by a label: `true`, `"False"`, `1`. */
export function meantLabel(value: unknown): boolean | undefined {
  if (value === true || value === 1) return true;
  if (value === false || value === 0) return false;
  const text = typeof value === 'string' ? value.trim().toLowerCase() : '';
  return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : undefined;
}

function isLabel(value: unknown): boolean {
  return meantLabel(value) !== undefined;
}

/** The fields of all bases; each is required only where the record is written in its way. */
function allFields(): Fields {
  const fields: Record<string, Fields[string]> = {};
  for (const base of BASES)
    for (const [key, field] of Object.entries(base.shape.fields)) {
      const { required } = field;
      fields[key] ??= required
        ? { ...field, required: (owner) => baseOf(owner) === base && (required === true || required(owner)) }
        : field;
    }
  return fields;
}
