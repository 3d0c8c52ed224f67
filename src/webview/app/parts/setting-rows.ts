import type { SettingInfo } from '../../protocol';
import { rateText } from '../format';
import { baseName } from './words';

export interface SettingRow {
  readonly key: string;
  readonly value: string;
  /** The whole value where `value` is only its end. */
  readonly title: string;
  readonly help: string;
  readonly changed: boolean;
  readonly default: string;
}

/** One row for each setting that the run knows, in the order of the settings table; unknown keys come last. */
export function settingRows(values: Readonly<Record<string, unknown>>, infos: readonly SettingInfo[]): SettingRow[] {
  const known = new Set(infos.map((info) => info.key));
  const extra = Object.keys(values)
    .filter((key) => !known.has(key))
    .map((key): SettingInfo => ({ key, help: '', default: '', automatic: true }));
  return [...infos, ...extra].flatMap((info) => {
    const value = values[info.key];
    if (value === undefined || value === null) return [];
    const plain = Array.isArray(value)
      ? value.join(', ')
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);
    return [
      {
        key: info.key,
        value: settingText(value, plain),
        title: plain,
        help: info.help,
        changed: !info.automatic && info.default !== '' && plain !== info.default && !endsWithPath(plain, info.default),
        default: info.default,
      },
    ];
  });
}

/** Whether an absolute path is a relative default in some folder. */
function endsWithPath(path: string, end: string): boolean {
  return path.replaceAll('\\', '/').endsWith(`/${end}`);
}

function settingText(value: unknown, plain: string): string {
  if (typeof value === 'number')
    return value !== 0 && Math.abs(value) < 0.001
      ? rateText(value)
      : value.toLocaleString('en-US', { maximumFractionDigits: 6 });
  return /[\\/]/.test(plain) && !plain.includes(', ') ? baseName(plain) : plain;
}
