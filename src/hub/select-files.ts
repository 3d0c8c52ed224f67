/** Which files of a repository a base model needs. Pickle files never are among them. */
import { Failure } from '../common/failure';
import { type ModelId, modelIdText } from './model-id';

const WEIGHTS = 'model.safetensors';
export const INDEX = 'model.safetensors.index.json';
/** Mostly `model-00001-of-00002`, but some write six digits or another word. */
const SHARD = /^[\w-]+-\d+-of-\d+\.safetensors$/;
/** Not of the model in Hugging Face's form. */
const FOREIGN = /^(adapter_|consolidated)/;
const COMPANIONS =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens)\.json$|^chat_template\.(jinja|json)$|^(licen[cs]e|notice|use_policy|readme)(\.(md|txt))?$/i;

/**
 * The paths that are needed, small ones first.
 * @throws Failure `weights-missing`, `gguf-choice`, `model-config-missing`, `tokenizer-missing` (exit code 2)
 */
export function selectFiles(model: ModelId, paths: readonly string[]): string[] {
  if (model.file !== undefined) return [ggufOf(model, model.file, paths)];
  const weights = weightsOf(paths);
  const ggufs = paths.filter(isGguf);
  if (weights.length === 0 && ggufs.length > 0) throw ggufChoice(model, ggufs, 'has no safetensors but GGUF files');
  if (weights.length === 0) throw noWeights(model, paths);
  if (paths.includes('adapter_config.json') && !paths.includes('config.json')) throw isAdapter(model);
  if (!paths.includes('config.json'))
    throw new Failure('model-config-missing', `${modelIdText(model)} has no config.json.`, 'Choose another model.', 2);
  if (!paths.includes('tokenizer.json'))
    throw new Failure(
      'tokenizer-missing',
      `${modelIdText(model)} has no tokenizer.json, so that it cannot be trained.`,
      'Choose another model or revision; many that lack it are on the hub a second time, with it.',
      2,
    );
  return [...paths.filter((path) => COMPANIONS.test(path)), ...weights];
}

/** One file, or an index and its shards; other weights at the top where there is neither. */
function weightsOf(paths: readonly string[]): string[] {
  if (paths.includes(WEIGHTS)) return [WEIGHTS];
  if (paths.includes(INDEX)) return [INDEX, ...paths.filter((path) => SHARD.test(path) && !FOREIGN.test(path)).sort()];
  return paths.filter((path) => /^[^/]+\.safetensors$/.test(path) && !FOREIGN.test(path));
}

/** By the whole name, or by its label. */
function ggufOf(model: ModelId, file: string, paths: readonly string[]): string {
  const ggufs = paths.filter(isGguf);
  if (ggufs.includes(file)) return file;
  const found = ggufs.filter((path) => hasLabel(path, file));
  if (found.length === 1) return found[0]!;
  throw ggufChoice(model, ggufs, found.length === 0 ? `has no GGUF file ${file}` : `has several GGUF files ${file}`);
}

/** `Q4_K_M` is the label of `smollm2-135m-instruct-q4_k_m.gguf`. */
export function hasLabel(path: string, label: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const ending = `${label.toLowerCase()}.gguf`;
  return name === ending || (name.endsWith(ending) && '-._'.includes(name[name.length - ending.length - 1]!));
}

function isGguf(path: string): boolean {
  return /\.gguf$/i.test(path) && !/-\d{5}-of-\d{5}\.gguf$/i.test(path);
}

const MOST_NAMES = 12;

function ggufChoice(model: ModelId, ggufs: readonly string[], what: string): Failure {
  const { file: _, ...repository } = model;
  const names = ggufs.slice(0, MOST_NAMES).map((path) => `${modelIdText(repository)}:${path}`);
  const more = ggufs.length > MOST_NAMES ? ` and ${ggufs.length - MOST_NAMES} more` : '';
  return new Failure(
    'gguf-choice',
    `${modelIdText(repository)} ${what}.`,
    names.length === 0 ? 'Choose another repository.' : `Name one of them: ${names.join(', ')}${more}.`,
    2,
  );
}

function isAdapter(model: ModelId): Failure {
  return new Failure(
    'weights-missing',
    `${modelIdText(model)} is an adapter, not a base model.`,
    'Name the model that it was trained on.',
    2,
  );
}

function noWeights(model: ModelId, paths: readonly string[]): Failure {
  if (paths.includes('adapter_config.json')) return isAdapter(model);
  const pickle = paths.find((path) => /\.(bin|pt|pth|ckpt)$/.test(path));
  return new Failure(
    'weights-missing',
    `${modelIdText(model)} has no safetensors weights${pickle === undefined ? '' : `, only ${pickle}`}.`,
    pickle === undefined
      ? 'Choose another model.'
      : 'Pickle files are never opened, because they can run code; choose a model or a revision with safetensors.',
    2,
  );
}
