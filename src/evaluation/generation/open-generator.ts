/** Opens what writes the answers of a model: llama.cpp where it can, else our own engine. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../common/failure';
import { ggufSupport } from '../../export/gguf';
import { ggufAdapterSupport, writeGgufAdapter } from '../../export/gguf-adapter';
import { contextLength } from '../../export/gguf-metadata';
import { physicalCores } from '../../training/cores';
import { type Device, createOnnxRuntimeEngine } from '../../training/engines/onnxruntime';
import { findNode } from '../../training/launcher';
import type { Subject } from '../subject';
import { openSubjectSession } from '../subject-session';
import { stopTokens } from './answer-parts';
import type { Generator } from './generator';
import { cachedGguf } from './gguf-cache';
import { openLlamaGenerator } from './llama/client';
import { contextSizeFor, longestInContext } from './llama/context-size';
import { llamaPackage, missingLlama } from './llama/installed';
import { createSessionGenerator } from './session-generator';

export interface GeneratorOptions {
  /** `auto`: llama.cpp where it is there and can run the model. */
  readonly engine: 'auto' | GeneratorEngine;
  /** `cpu`: no GPU, even where llama.cpp has one. */
  readonly device: 'auto' | Device;
  /** Most tokens of prompt and answer together; else what the model allows, at most 4096. */
  readonly contextLength?: number | undefined;
  /** Answers that are written at once; else 4. */
  readonly parallel?: number | undefined;
  /** Share of what is done until the model is loaded, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  /** Until it is loaded. */
  readonly signal?: AbortSignal | undefined;
}

export type GeneratorEngine = 'llama.cpp' | 'onnxruntime';

export interface OpenedGenerator {
  readonly generator: Generator;
  readonly engine: GeneratorEngine;
  /** `cpu`, or the GPU. */
  readonly device: string;
  /** Why llama.cpp was not taken, where it was for us to choose. */
  readonly reason?: string | undefined;
}

const MOST_CONTEXT = 4096;
const PARALLEL = 4;
const SHARE_OF_FREE_MEMORY = 0.25;
/** Writing the GGUF file takes longer than loading it. */
const WRITING_SHARE = 0.7;

/**
 * Dispose the generator after use: a process or a session stays open until then.
 * @throws Failure `llama-unusable` (exit code 2) where llama.cpp is demanded; what writing the file and loading throw
 */
export async function openGenerator(subject: Subject, options: GeneratorOptions): Promise<OpenedGenerator> {
  const reason = options.engine === 'onnxruntime' ? undefined : whyNotLlama(subject);
  if (options.engine === 'llama.cpp' && reason !== undefined)
    throw new Failure('llama-unusable', `${reason}.`, HINT, 2);
  if (options.engine === 'onnxruntime' || reason !== undefined) return await openOwn(subject, options, reason);
  try {
    return await openLlama(subject, options);
  } catch (error) {
    if (options.engine !== 'auto' || !(error instanceof Failure) || !LLAMA_FAILURES.has(error.code)) throw error;
    return await openOwn(subject, options, error.message.replace(/\.$/, ''));
  }
}

/** Of llama.cpp alone; a cancellation or a base that cannot be read is none. */
const LLAMA_FAILURES = new Set(['model-not-started', 'model-not-loaded', 'model-crashed', 'model-hangs', 'disk-full']);

const HINT = 'Use the engine onnxruntime, which is slower.';

function whyNotLlama(subject: Subject): string | undefined {
  const missing = missingLlama();
  if (missing !== undefined) return missing;
  const support = ggufSupport(subject);
  if (support !== undefined) return `llama.cpp cannot run this model: ${support.replace(/\.$/, '')}`;
  return longestInLlama(subject) > 0 ? undefined : 'llama.cpp would compute this model otherwise';
}

/** Most tokens for which llama.cpp computes what was trained. */
function longestInLlama({ checked: { config } }: Subject): number {
  // Its longrope takes the factors of long texts where the context, not the text, is long.
  const originals = Object.values(config.ropes).flatMap(({ scaling }) =>
    scaling?.type === 'longrope' ? [scaling.originalMaxPositions] : [],
  );
  return Math.min(contextLength(config), ...originals.map(longestInContext));
}

async function openLlama(subject: Subject, options: GeneratorOptions): Promise<OpenedGenerator> {
  const { checked } = subject;
  const { device, onProgress, signal } = options;
  const wanted = limitsOf(options, longestInLlama(subject));
  const limits = { ...wanted, sequences: affordable(subject, wanted) };
  const apart = ggufAdapterSupport(subject) === undefined;
  const model = await cachedGguf(subject, subject.adapter !== undefined && !apart, {
    signal,
    onProgress: (done, total) => onProgress?.((WRITING_SHARE * done) / total),
  });
  // llama.cpp knows an adapter by its path alone.
  const folder = mkdtempSync(join(tmpdir(), 'fine-tune-adapter-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const adapter = apart ? join(folder, `${randomBytes(8).toString('hex')}.gguf`) : undefined;
    if (adapter !== undefined) await writeGgufAdapter(adapter, subject);
    const generator = await openLlamaGenerator({
      nodePath: await findNode(),
      childPath: llamaPackage().childPath,
      model,
      adapter,
      ...limits,
      gpu: device !== 'cpu',
      threads: physicalCores(),
      stops: stopTokens(checked),
      decode: (tokens) => checked.tokenizer.decode(tokens, { skipSpecialTokens: true }),
      onLoading: (fraction) => onProgress?.(WRITING_SHARE + (1 - WRITING_SHARE) * fraction),
      signal,
    });
    const dispose = async (): Promise<void> => {
      await generator.dispose();
      remove();
    };
    return { generator: { ...generator, dispose }, engine: 'llama.cpp', device: generator.device };
  } catch (error) {
    remove();
    throw error;
  }
}

/** As many sequences as find room for their keys and values (32 bits) in a part of the free memory; at least one. */
function affordable(
  { checked: { config } }: Subject,
  { contextLength: length, sequences }: ReturnType<typeof limitsOf>,
): number {
  const bytesOfToken = config.layers * config.kvHeads * config.headDim * 2 * 4;
  const fitting = Math.floor((freemem() * SHARE_OF_FREE_MEMORY) / (contextSizeFor(length) * bytesOfToken));
  return Math.max(1, Math.min(sequences, fitting));
}

async function openOwn(
  subject: Subject,
  options: GeneratorOptions,
  reason: string | undefined,
): Promise<OpenedGenerator> {
  const limits = limitsOf(options, subject.checked.config.maxPositions);
  const device = options.device === 'auto' ? 'cpu' : options.device;
  const scratchFolder = mkdtempSync(join(tmpdir(), 'fine-tune-answers-'));
  const remove = (): void => rmSync(scratchFolder, { recursive: true, force: true });
  try {
    const open = await openSubjectSession(subject, {
      engine: createOnnxRuntimeEngine({ device, threads: physicalCores(), prepack: true }),
      maxLength: limits.contextLength,
      scratchFolder,
    });
    const generator = createSessionGenerator(open, { ...limits, parallel: limits.sequences });
    const dispose = async (): Promise<void> => {
      await open.dispose();
      remove();
    };
    return { generator: { ...generator, dispose }, engine: 'onnxruntime', device, ...(reason && { reason }) };
  } catch (error) {
    remove();
    throw error;
  }
}

function limitsOf(
  { contextLength: wanted = MOST_CONTEXT, parallel = PARALLEL }: GeneratorOptions,
  longest: number,
): { readonly contextLength: number; readonly sequences: number } {
  return { contextLength: Math.min(wanted, longest), sequences: parallel };
}
