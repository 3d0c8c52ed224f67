import { describe, expect, it } from 'vitest';
import type { Preview } from '../../src/dataset/preview';
import type {
  PreviewHostNotices,
  PreviewPageRequests,
  PreviewState,
  RecordPlace,
} from '../../src/webview/preview-protocol';
import { createPreviewSession, type PreviewHost } from '../../src/webview/preview-session';
import { RecordLines, type LinedDocument } from '../../src/webview/record-lines';
import { createRpc } from '../../src/webview/rpc';

const URI = 'file:///a/data.jsonl';

/** The real host side and a page's end of the wire, with a clock that is turned by hand. */
function world() {
  const timers: { at: number; run: () => void; off: boolean }[] = [];
  let now = 0;
  const after = (milliseconds: number, run: () => void): (() => void) => {
    const timer = { at: now + milliseconds, run, off: false };
    timers.push(timer);
    return () => (timer.off = true);
  };
  const pass = async (milliseconds: number): Promise<void> => {
    const until = now + milliseconds;
    for (;;) {
      const next = timers.filter((timer) => !timer.off && timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      now = next.at;
      next.off = true;
      next.run();
      await settle();
    }
    now = until;
    await settle();
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const asked: { place: RecordPlace; answer: (preview: Preview) => void; fail: (error: unknown) => void }[] = [];
  const calls: unknown[][] = [];
  const place = (uri: string, line: number): RecordPlace => ({
    uri,
    file: 'data.jsonl',
    line,
    record: line,
    records: 9,
  });
  const host: PreviewHost = {
    locate: (uri, line) => (uri === URI ? place(uri, line) : undefined),
    neighbour: (_uri, line, by) => (line + by >= 1 && line + by <= 9 ? line + by : undefined),
    nextCut: ({ line }) =>
      Promise.resolve(line < 5 ? { line: 5, uncounted: 0 } : { line: undefined, uncounted: line - 5 }),
    preview: (at) => new Promise((answer, fail) => void asked.push({ place: at, answer, fail })),
    reveal: (at, focus) => Promise.resolve(void calls.push(['reveal', at.line, focus])),
    copyText: (text) => Promise.resolve(void calls.push(['copy', text])),
  };
  const states: PreviewState[] = [];
  const session = createPreviewSession({ host, post: (message) => page.receive(structuredClone(message)), after });
  const page = createRpc<PreviewPageRequests, Record<never, never>, Record<never, never>, PreviewHostNotices>({
    post: (message) => session.receive(structuredClone(message)),
    after,
    timeoutMs: 1e9,
    requests: {},
    notices: { state: (state) => states.push(state) },
  });
  return { session, page, pass, asked, calls, states };
}

const PREVIEW: Preview = {
  line: 3,
  format: 'chat',
  template: 'chatml',
  maxLength: 8,
  model: null,
  estimate: true,
  texts: [],
  problem: null,
};

describe('preview session', () => {
  it('shows the record and gives it again to a page that asks', async () => {
    const { session, page, pass, asked, states } = world();
    expect(await page.ask('ready', null)).toMatchObject({ place: null, preview: null });
    session.show(URI, 3);
    await pass(0);
    expect(asked.map(({ place }) => place.line)).toEqual([3]);
    asked[0]!.answer(PREVIEW);
    await pass(0);
    expect(states).toEqual([
      { place: expect.objectContaining({ line: 3 }), preview: PREVIEW, failure: null, loading: false },
    ]);
    expect(await page.ask('ready', null)).toEqual(states[0]);
    expect(session.place?.line).toBe(3);
  });

  it('asks once for a cursor that moves fast, and drops answers that come too late', async () => {
    const { session, pass, asked, states } = world();
    session.show(URI, 1);
    await pass(0);
    asked[0]!.answer(PREVIEW);
    await pass(0);
    for (let line = 2; line <= 6; line++) {
      session.show(URI, line);
      await pass(20);
    }
    expect(asked).toHaveLength(1);
    await pass(80);
    expect(asked.map(({ place }) => place.line)).toEqual([1, 6]);
    session.show(URI, 7);
    await pass(80);
    asked[2]!.answer({ ...PREVIEW, line: 7 });
    asked[1]!.answer({ ...PREVIEW, line: 6 });
    await pass(0);
    expect(states.at(-1)).toMatchObject({ place: { line: 7 }, preview: { line: 7 } });
  });

  it('says that it waits when the answer takes long, and what went wrong', async () => {
    const { session, pass, asked, states } = world();
    session.show(URI, 1);
    await pass(1000);
    expect(states.at(-1)).toMatchObject({ loading: true });
    asked[0]!.fail(Object.assign(new Error('No tokenizer.'), { hint: 'Correct it.' }));
    await pass(0);
    expect(states.at(-1)).toMatchObject({
      loading: false,
      preview: null,
      failure: { message: 'No tokenizer.', hint: 'Correct it.' },
    });
    await pass(1000);
    expect(states.at(-1)!.loading).toBe(false);
  });

  it('moves from record to record with the cursor, and stops at the ends', async () => {
    const { session, page, pass, asked, calls } = world();
    session.show(URI, 8);
    await pass(0);
    asked[0]!.answer(PREVIEW);
    await pass(0);
    await page.ask('act', { type: 'move', by: 1 });
    await page.ask('act', { type: 'move', by: 1 });
    await pass(0);
    expect(asked.map(({ place }) => place.line)).toEqual([8, 9]);
    expect(calls).toEqual([['reveal', 9, false]]);
    // The cursor that followed asks for nothing new.
    session.show(URI, 9);
    await pass(500);
    expect(asked).toHaveLength(2);
  });

  it('goes to the next record that is cut off, or says that there is none', async () => {
    const { session, page, pass, asked } = world();
    session.show(URI, 2);
    await pass(0);
    asked[0]!.answer(PREVIEW);
    await pass(0);
    expect(await page.ask('act', { type: 'nextCut' })).toBe('');
    await pass(0);
    expect(asked[1]!.place.line).toBe(5);
    asked[1]!.answer(PREVIEW);
    await pass(0);
    expect(await page.ask('act', { type: 'nextCut' })).toBe('No other record of this file is cut off.');
    session.show(URI, 7);
    await pass(80);
    asked[2]!.answer(PREVIEW);
    await pass(0);
    expect(await page.ask('act', { type: 'nextCut' })).toMatch(/2 are still to be counted/);
  });

  it('copies, reveals, refreshes, and is silent when it is over', async () => {
    const { session, page, pass, asked, calls, states } = world();
    session.show(URI, 2);
    await pass(0);
    asked[0]!.answer(PREVIEW);
    await pass(0);
    await page.ask('act', { type: 'copy', text: 'abc' });
    await page.ask('act', { type: 'reveal' });
    expect(calls).toEqual([
      ['copy', 'abc'],
      ['reveal', 2, true],
    ]);
    session.refresh();
    session.refresh();
    await pass(80);
    expect(asked).toHaveLength(2);
    const before = states.length;
    session.dispose();
    asked[1]!.answer(PREVIEW);
    await pass(1000);
    expect(states).toHaveLength(before);
  });

  it('keeps what it shows when the file of the next record is closed', async () => {
    const { session, pass, asked, states } = world();
    session.show(URI, 2);
    await pass(0);
    asked[0]!.answer(PREVIEW);
    await pass(0);
    session.show('file:///gone', 1);
    await pass(80);
    expect(states.at(-1)).toMatchObject({ place: { line: 2 }, preview: PREVIEW, loading: false });
  });
});

describe('records of a document', () => {
  const document = (text: string, version = 1): LinedDocument => {
    const lines = text.split('\n');
    return {
      uri: { toString: () => URI },
      version,
      lineCount: lines.length,
      lineAt: (i) => ({ isEmptyOrWhitespace: lines[i]!.trim() === '' }),
    };
  };
  it('are the lines that are not blank', () => {
    const lines = new RecordLines();
    const one = document('a\n \nb\nc\n');
    expect([1, 2, 3, 4, 5].map((line) => lines.count(one, line))).toEqual(
      [1, 0, 2, 3, 0].map((record) => ({ record, records: 3 })),
    );
    expect([1, 2, 3, 4, 5].map((line) => lines.neighbour(one, line, 1))).toEqual([3, 3, 4, undefined, undefined]);
    expect([1, 2, 3, 4, 5].map((line) => lines.neighbour(one, line, -1))).toEqual([undefined, 1, 1, 3, 4]);
  });
  it('are counted anew for another version', () => {
    const lines = new RecordLines();
    expect(lines.count(document('a'), 1).records).toBe(1);
    expect(lines.count(document('a\nb'), 1).records).toBe(1);
    expect(lines.count(document('a\nb', 2), 1).records).toBe(2);
    const next = document('', 2);
    lines.forget(next);
    expect(lines.count(next, 1)).toEqual({ record: 0, records: 0 });
  });
});
