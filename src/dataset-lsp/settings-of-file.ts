import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EncodeOptions } from '../dataset/labels';
import { SETTINGS } from '../training/settings';
import type { DatasetSettings } from './open-dataset';
import type { DatasetServerOptions, TrainingContext } from './protocol';
import { readRuleSettings, rulesFor } from './rule-config';
import { openSuppressions } from './suppressions-file';
import { defaultEncoding, modelEncoding } from './vocabulary';

/** How a file is checked, by the editor's settings and by what lies around it. */
export class FileSettings {
  readonly #options: DatasetServerOptions;
  /** A tokenizer is megabytes, and the files of a folder share it. */
  readonly #encodings = new Map<string, EncodeOptions>();

  constructor(
    options: DatasetServerOptions,
    private readonly failed: (error: unknown) => void,
  ) {
    this.#options = options;
  }

  get inlayHints(): boolean {
    return this.#options.inlayHints ?? true;
  }

  of(uri: string): DatasetSettings {
    const { rules, ruleOverrides, rulesPage, folders = [] } = this.#options;
    const training = this.#trainingOf(uri);
    const settings = readRuleSettings({ rules, overrides: ruleOverrides });
    return {
      choice: rulesFor(settings, pathFrom(folders, uri)),
      format: training?.trainFile === uri || training?.validationFile === uri ? training.format : undefined,
      rulesPage,
      accepted: this.#accepted(uri),
      model: training?.model === undefined ? undefined : basename(training.model),
      loadEncode: () => this.#encode(training),
    };
  }

  /** URI of the validation file that belongs to a training file. */
  validationOf(uri: string): string | undefined {
    const { trainFile, validationFile } = this.#trainingOf(uri) ?? {};
    return trainFile === uri && validationFile?.startsWith('file:') ? validationFile : undefined;
  }

  /** Of the nearest folder above the file. */
  #trainingOf(uri: string): TrainingContext | undefined {
    const above = (this.#options.training ?? []).filter(({ folder }) => uri.startsWith(`${folder}/`));
    return above.sort((a, b) => b.folder.length - a.folder.length)[0];
  }

  #encode(training: TrainingContext | undefined): EncodeOptions {
    const maxLength = training?.maxLength ?? SETTINGS.max_length.default;
    const { model, template } = training ?? {};
    if (model !== undefined) {
      const key = JSON.stringify([model, template, maxLength]);
      try {
        const encode = this.#encodings.get(key) ?? modelEncoding(model, { template, maxLength });
        this.#encodings.set(key, encode);
        return encode;
      } catch (error) {
        // The model may not have been fetched yet: an estimate is better than nothing.
        this.failed(error);
      }
    }
    return defaultEncoding(maxLength);
  }

  #accepted(uri: string): DatasetSettings['accepted'] {
    if (!uri.startsWith('file:')) return undefined;
    try {
      const path = fileURLToPath(uri);
      const { suppressions, nameOf } = openSuppressions(path);
      return suppressions[nameOf(path)];
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }
}

/** Path that globs are matched with: from the folder that holds the file, or only its name. */
function pathFrom(folders: readonly string[], uri: string): string {
  const folder = folders.filter((one) => uri.startsWith(`${one}/`)).sort((a, b) => b.length - a.length)[0];
  const path = folder === undefined ? basename(uri) : uri.slice(folder.length + 1);
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
