import { setImmediate } from 'node:timers/promises';
import { LSPErrorCodes, ResponseError, type CancellationToken } from 'vscode-languageserver/node';
import type { OpenDataset } from './open-dataset';

// As long as one slice of the background work.
const SLICE_MS = 8;

/** What a feature gives: the answer, or steps towards it, between which other messages are looked at. */
export type Answering<R> = R | Generator<void, R>;

/**
 * Wraps every request of the editor: a file that is not open and a defect of a feature give the fallback, a request
 * that was cancelled or whose file has changed meanwhile ends early.
 */
export function answerer(find: (uri: string) => OpenDataset | undefined, log: (message: string) => void) {
  return <P, R>(
      name: string,
      uriOf: (params: P) => string,
      fallback: R,
      feature: (dataset: OpenDataset, params: P) => Answering<R>,
    ) =>
    async (params: P, token: CancellationToken): Promise<R | ResponseError<void>> => {
      const dataset = find(uriOf(params));
      if (!dataset) return fallback;
      if (token.isCancellationRequested) return cancelled();
      try {
        const answer = feature(dataset, params);
        if (!isGenerator(answer)) return answer;
        const { version } = dataset.document;
        let until = performance.now() + SLICE_MS;
        for (;;) {
          const step = answer.next();
          if (step.done) return step.value;
          if (performance.now() < until) continue;
          await setImmediate();
          if (token.isCancellationRequested) return cancelled();
          if (dataset.document.version !== version || find(uriOf(params)) !== dataset)
            return new ResponseError(LSPErrorCodes.ContentModified, 'The file has changed.');
          until = performance.now() + SLICE_MS;
        }
      } catch (error) {
        log(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        return fallback;
      }
    };
}

function cancelled(): ResponseError<void> {
  return new ResponseError(LSPErrorCodes.RequestCancelled, 'The request was cancelled.');
}

function isGenerator<R>(answer: Answering<R>): answer is Generator<void, R> {
  return typeof answer === 'object' && answer !== null && 'next' in answer && typeof answer.next === 'function';
}
