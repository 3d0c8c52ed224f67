import { describe, expect, it } from 'vitest';
import { CancellationToken, CancellationTokenSource, LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import { answerer } from '../../src/dataset-lsp/answers';
import { OpenDataset } from '../../src/dataset-lsp/open-dataset';

const dataset = new OpenDataset(
  { uri: 'file:///a.jsonl', languageId: 'jsonl', version: 1, text: '' },
  {
    choice: {},
    format: undefined,
    rulesPage: undefined,
    accepted: undefined,
    model: undefined,
    loadEncode: () => undefined,
  },
  {
    publish: () => undefined,
    summaryChanged: () => undefined,
    tokensChanged: () => undefined,
    failed: () => undefined,
  },
);
const logged: string[] = [];
const answer = answerer(
  (uri) => (uri === 'file:///a.jsonl' ? dataset : undefined),
  (message) => logged.push(message),
);
const uriOf = ({ uri }: { readonly uri: string }): string => uri;
const open = { uri: 'file:///a.jsonl' };

/** Works for as long as it is asked to. */
function* endless(): Generator<void, string> {
  for (;;) yield;
}
const codeOf = async (answered: Promise<unknown>): Promise<number> => {
  const error = await answered;
  if (!(error instanceof ResponseError)) throw new Error(`Not an error: ${String(error)}`);
  return error.code;
};

describe('answerer', () => {
  it('gives what a feature says, at once or in steps', async () => {
    const steps = function* (): Generator<void, string> {
      yield;
      return 'steps';
    };
    expect(await answer('a', uriOf, '', () => 'once')(open, CancellationToken.None)).toBe('once');
    expect(await answer('a', uriOf, '', steps)(open, CancellationToken.None)).toBe('steps');
  });
  it('gives the fallback for a file that is not open, and for a defect, which is logged', async () => {
    const broken = answer('hover', uriOf, 'nothing', () => {
      throw new Error('a defect');
    });
    expect(await broken({ uri: 'file:///b.jsonl' }, CancellationToken.None)).toBe('nothing');
    expect(logged).toEqual([]);
    expect(await broken(open, CancellationToken.None)).toBe('nothing');
    expect(logged).toEqual([expect.stringMatching(/^hover: Error: a defect\n/)]);
  });
  it('ends when the request is cancelled', async () => {
    const source = new CancellationTokenSource();
    const answered = answer('a', uriOf, '', endless)(open, source.token);
    setTimeout(() => source.cancel(), 20);
    expect(await codeOf(answered)).toBe(LSPErrorCodes.RequestCancelled);
  });
  it('ends when the file changes', async () => {
    const answered = answer('a', uriOf, '', endless)(open, CancellationToken.None);
    setTimeout(() => dataset.update([{ text: 'x' }], 2), 20);
    expect(await codeOf(answered)).toBe(LSPErrorCodes.ContentModified);
    dataset.close();
  });
});
