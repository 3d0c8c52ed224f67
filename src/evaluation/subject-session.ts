/** A model of an evaluation, compiled for our own engine: the very arithmetic that was trained. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { locateWeights, weightForms } from '../training/base';
import type { Engine } from '../training/engines/engine';
import { isAlive } from '../training/kill-tree';
import { createEvaluationSession, layoutFor } from '../training/session';
import type { OpenModel } from './generation/session-generator';
import type { Subject } from './subject';

export interface SubjectSessionOptions {
  readonly engine: Engine;
  /** Tokens of the longest row. */
  readonly maxLength: number;
  /** Where weights that cannot be used in place are put while the session is open. */
  readonly scratchFolder: string;
  /** `low`: one layer at a time, with the weights as they lie in their file. */
  readonly memory?: 'fast' | 'low' | undefined;
}

export interface SubjectSession extends OpenModel {
  dispose(): Promise<void>;
}

/** @throws Failure where the weights cannot be read, or `disk-full` */
export async function openSubjectSession(subject: Subject, options: SubjectSessionOptions): Promise<SubjectSession> {
  const { model, checked, adapter, nf4 } = subject;
  const { engine, maxLength, scratchFolder, memory = 'fast' } = options;
  removeLeftovers(scratchFolder);
  const scratchFile = join(scratchFolder, `weights-${process.pid}-${++opened}.f32`);
  const layout = layoutFor(maxLength, checked.config.vocabulary);
  const formOf = weightForms(
    checked.config,
    {
      method: nf4 ? 'qlora' : 'lora',
      bnb_4bit_use_double_quant: nf4?.doubleQuant ?? false,
      precision: 'float32',
      memory,
      device: 'cpu',
    },
    model,
  );
  try {
    const session = await createEvaluationSession(
      {
        engine,
        config: checked.config,
        weights: locateWeights(model, checked.tensors, scratchFile, { formOf }),
        training: adapter ? { method: 'lora', lora: adapter.lora } : { method: 'none' },
        memory,
        ...layout,
      },
      adapter?.parameters ?? [],
    );
    return {
      session,
      checked,
      layout,
      dispose: async () => {
        await session.dispose();
        rmSync(scratchFile, { force: true });
      },
    };
  } catch (error) {
    rmSync(scratchFile, { force: true });
    throw error;
  }
}

let opened = 0;

/** Weights of processes that were killed. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, pid] = /^weights-(\d+)-\d+\.f32(?:\.partial)?$/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(folder, name), { force: true });
  }
}
