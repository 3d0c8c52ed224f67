/** Whether an exported model computes what the trained one computes: log-probabilities of the same tokens, side by side. */
import type { Generator } from '../evaluation/generation/generator';
import { openSubjectSession } from '../evaluation/subject-session';
import type { Subject } from '../evaluation/subject';
import { createCollator } from '../training/batches';
import { physicalCores } from '../training/cores';
import { createOnnxRuntimeEngine } from '../training/engines/onnxruntime';
import type { CheckText, CheckTexts } from './check-texts';

/** How the weights of the exported model are kept. */
export type WeightType = 'float32' | 'float16' | 'bfloat16' | '8 bits' | '4 bits';

export interface Verification {
  /** What ran the exported model. */
  readonly by: 'onnxruntime' | 'llama.cpp';
  /** The files whose records were compared. */
  readonly source: string;
  readonly texts: number;
  readonly tokens: number;
  /** Of the natural logarithm of a token's probability, over the tokens. `null`: one of the models gave no number. */
  readonly maxDifference: number | null;
  readonly meanDifference: number | null;
  /** Share of the places at which both find the same token likeliest. */
  readonly sameLikeliest: number;
  /** What the rounding of the weights explains. */
  readonly tolerance: Tolerance;
  readonly passed: boolean;
}

interface Tolerance {
  readonly max: number;
  readonly mean: number;
}

/**
 * Several times what is measured on SmolLM2-135M and on tiny random models of all families; a wrong order of rows or a
 * forgotten adapter differs by whole numbers.
 */
const TOLERANCES: Readonly<Record<WeightType, Tolerance>> = {
  float32: { max: 0.01, mean: 1e-3 },
  float16: { max: 0.1, mean: 0.01 },
  bfloat16: { max: 0.5, mean: 0.05 },
  '8 bits': { max: 1, mean: 0.1 },
  '4 bits': { max: 5, mean: 0.7 },
};

/** At one place of a text. */
interface PlaceScore {
  /** Of the token that stands there. */
  readonly logProbability: number;
  readonly likeliest: number;
}

/** What the trained model says; to compare several exports with. `scratchFolder` gets weights for a while. */
export async function scoreTexts(
  subject: Subject,
  texts: readonly CheckText[],
  scratchFolder: string,
  signal: AbortSignal,
): Promise<readonly PlaceScore[]> {
  const engine = createOnnxRuntimeEngine({ device: 'cpu', threads: physicalCores(), prepack: false });
  const maxLength = Math.max(...texts.map(({ tokens }) => tokens.length));
  const open = await openSubjectSession(subject, { engine, maxLength, scratchFolder, memory: 'low' });
  try {
    const collate = createCollator({ config: subject.checked.config, padId: subject.checked.padId, ...open.layout });
    const scores: PlaceScore[] = [];
    for (const { tokens, places } of texts) {
      signal.throwIfAborted();
      const trained = new Uint8Array(tokens.length);
      for (const place of places) trained[place] = 1;
      const batch = collate([[{ line: 0, tokens, trained, lostTokens: 0, lostTrainedTokens: 0 }]]);
      const { nll, predictions } = await open.session.forward(batch);
      places.forEach((_, i) => scores.push({ logProbability: -nll[i]!, likeliest: predictions[i]! }));
    }
    return scores;
  } finally {
    await open.dispose();
  }
}

/** An exported model that our own engine can run. */
export async function verifyBySession(
  trained: readonly PlaceScore[],
  exported: Subject,
  type: WeightType,
  { source, texts }: CheckTexts,
  scratchFolder: string,
  signal: AbortSignal,
): Promise<Verification> {
  const scores = await scoreTexts(exported, texts, scratchFolder, signal);
  const compared = scores.map(({ logProbability, likeliest }, i) => ({
    difference: Math.abs(logProbability - trained[i]!.logProbability),
    same: likeliest === trained[i]!.likeliest,
  }));
  return summary('onnxruntime', compared, type, source, texts.length);
}

/** An exported model that llama.cpp runs. */
export async function verifyByGenerator(
  trained: readonly PlaceScore[],
  generator: Generator,
  type: WeightType,
  { source, texts }: CheckTexts,
  signal: AbortSignal,
): Promise<Verification> {
  const compared: Compared[] = [];
  for (const { tokens, places } of texts)
    for (const place of places) {
      signal.throwIfAborted();
      const { logProbability, likeliest } = trained[compared.length]!;
      const [there, best] = await generator.logLikelihoods(tokens.slice(0, place), [
        tokens.slice(place, place + 1),
        Int32Array.of(likeliest),
      ]);
      compared.push({ difference: Math.abs(there!.logProbability - logProbability), same: best!.greedy });
    }
  return summary('llama.cpp', compared, type, source, texts.length);
}

interface Compared {
  readonly difference: number;
  readonly same: boolean;
}

function summary(
  by: Verification['by'],
  compared: readonly Compared[],
  type: WeightType,
  source: string,
  texts: number,
): Verification {
  const tolerance = TOLERANCES[type];
  const max = compared.reduce((most, { difference }) => Math.max(most, difference), 0);
  const mean = compared.reduce((sum, { difference }) => sum + difference, 0) / compared.length;
  const number = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    by,
    source,
    texts,
    tokens: compared.length,
    maxDifference: number(max),
    meanDifference: number(mean),
    sameLikeliest: compared.filter(({ same }) => same).length / compared.length,
    tolerance,
    // A difference that is no number is larger than any limit.
    passed: max <= tolerance.max && mean <= tolerance.mean,
  };
}
