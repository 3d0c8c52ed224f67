import type { CheckedFile } from './check-file';

/** The object of `check --format json`, in pieces: it may be longer than a text can be. */
export function* jsonReport(files: readonly CheckedFile[]): Generator<string> {
  yield '{\n  "files": [';
  for (const [i, { path, format, summary, problems, unlisted }] of files.entries()) {
    const head = JSON.stringify({ path, format, summary, ...(unlisted > 0 ? { unlisted } : {}) }, undefined, 2);
    yield `${i > 0 ? ',' : ''}\n    ${head.slice(0, -2).replaceAll('\n', '\n    ')},\n      "problems": [`;
    for (const [k, problem] of problems.entries()) yield `${k > 0 ? ',' : ''}\n        ${JSON.stringify(problem)}`;
    yield `${problems.length > 0 ? '\n      ' : ''}]\n    }`;
  }
  yield `${files.length > 0 ? '\n  ' : ''}]\n}\n`;
}
