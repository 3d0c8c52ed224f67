import { isProgressWanted } from './check-progress';
import { progressLine } from './progress-line-protocol';
import type { Terminal } from './terminal';

const CLEAR_LINE = '\r\u001b[2K';
const SHOWN_AFTER_MS = 1000;
const REDRAW_MS = 100;

export interface FileProgress {
  show(doneBytes: number, totalBytes: number): void;
  /** Removes the line. */
  end(): void;
}

/** How much of a file is read: one line on a terminal once it takes longer than a second, or lines for a program. */
export function fileProgress(terminal: Terminal, label: string): FileProgress {
  const began = performance.now();
  const forProgram = isProgressWanted(process.env);
  let drawnAt = 0;
  let shown = false;
  return {
    show: (done, total) => {
      const now = performance.now();
      if (now - drawnAt < REDRAW_MS) return;
      drawnAt = now;
      if (forProgram) terminal.err(progressLine(done, total));
      else if (terminal.live && now - began >= SHOWN_AFTER_MS) {
        terminal.err(`${CLEAR_LINE}${label}  ${Math.floor((done / Math.max(total, 1)) * 100)} %`);
        shown = true;
      }
    },
    end: () => {
      if (shown) terminal.err(CLEAR_LINE);
      shown = false;
    },
  };
}
