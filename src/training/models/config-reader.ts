/** Checked access to what a config.json holds. */
import { Failure } from '../../common/failure';
import type { JsonObject } from './rope';

export interface ConfigReader {
  /** A positive number; a missing key has the fallback. */
  number(key: string, fallback?: number): number;
  /** null in the file means none, a missing key the family's default. */
  optional(key: string, fallback?: number): number | undefined;
}

export function readerOf(config: JsonObject, path: string): ConfigReader {
  const number = (key: string, fallback?: number): number => {
    const value = config[key] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw badConfig(
      path,
      `"${key}" in the model's configuration must be a positive number, not ${JSON.stringify(config[key])}`,
    );
  };
  const optional = (key: string, fallback?: number): number | undefined =>
    config[key] === null || (config[key] === undefined && fallback === undefined) ? undefined : number(key, fallback);
  return { number, optional };
}

export function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

export function badConfig(path: string, what: string): Failure {
  return new Failure('bad-model-config', `${path}: ${what}.`, 'Fetch config.json of the model again.', 2);
}
