import { countText, durationText } from './format';
import { PROGRESS_VARIABLE, progressLine } from './progress-line-protocol';
import { CLEAR_LINE, type Terminal } from './terminal';

/** Work that takes less is over before anybody has read the line. */
const SHOWN_AFTER_MS = 1000;
const REDRAW_MS = 100;
const MB = 1e6;

export interface FileProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Where findings are counted. */
  readonly findings?: number;
  /** `comparing`: all bytes are read, and the records are compared. */
  readonly phase?: 'reading' | 'comparing';
}

export interface FileProgressView {
  begin(path: string): void;
  show(progress: FileProgress): void;
  /** Removes the line. */
  end(): void;
}

/** One line on a terminal about the file that is read, or lines for a program that asked for them. */
export function fileProgress(
  terminal: Terminal,
  now = (): number => performance.now(),
  forProgram = Boolean(process.env[PROGRESS_VARIABLE]),
): FileProgressView {
  let path = '';
  let began = now();
  let drawnAt = -Infinity;
  let shown = false;
  const draw = (progress: FileProgress): void => {
    drawnAt = now();
    const line = liveText(path, progress, (drawnAt - began) / 1000).slice(0, terminal.columns() - 1);
    terminal.err(`${CLEAR_LINE}${line}`);
    shown = true;
  };
  return {
    begin: (next) => {
      path = next;
      began = now();
    },
    show: (progress) => {
      if (now() - drawnAt < REDRAW_MS) return;
      if (forProgram) {
        drawnAt = now();
        terminal.err(progressLine(progress.doneBytes, progress.totalBytes));
      } else if (terminal.live && now() - began >= SHOWN_AFTER_MS) draw(progress);
    },
    end: () => {
      if (shown) terminal.err(CLEAR_LINE);
      shown = false;
    },
  };
}

/** `big.jsonl  45 %  412 of 912 MB  98 MB/s  1,204 findings  5.1 s left` */
export function liveText(path: string, progress: FileProgress, seconds: number): string {
  const { doneBytes, totalBytes, findings, phase } = progress;
  const found = findings === undefined ? [] : [`${countText(findings)} ${findings === 1 ? 'finding' : 'findings'}`];
  if (phase === 'comparing') return [path, 'comparing the records', ...found].join('  ');
  const rate = doneBytes / Math.max(seconds, 0.001);
  return [
    path,
    `${Math.floor((doneBytes / Math.max(totalBytes, 1)) * 100)} %`,
    `${countText(doneBytes / MB)} of ${countText(totalBytes / MB)} MB`,
    `${countText(rate / MB)} MB/s`,
    ...found,
    `${durationText((totalBytes - doneBytes) / rate)} left`,
  ].join('  ');
}
