import type { ChunkResult } from './chunk';
import type { LineJob } from './job';
import type { OpenFile } from './line-block';

export interface WorkerSetup {
  /** Its descriptor is that of the whole process. */
  readonly file: OpenFile;
  readonly job: LineJob;
}

/** What a thread says of one range of bytes. */
export type WorkerAnswer =
  | { readonly ok: true; readonly offset: number; readonly result: ChunkResult }
  | {
      readonly ok: false;
      readonly failure: {
        readonly code: string;
        readonly message: string;
        readonly hint: string;
        readonly exitCode: 1 | 2;
      };
    };
