import { fullRange } from '../charts/loss-data';
import { panned, zoomed } from '../charts/zoom';
import type { Commands, Scene } from './scene';

/** Arrows move by a column of pixels, with Shift by ten; Home and End go to the ends; + − 0 zoom. */
export function moveByKey(
  event: KeyboardEvent,
  { model, cross, zoom }: Scene,
  stride: number,
  commands: Commands,
): boolean {
  const last = model.series.length - 1;
  if (last < 0) return false;
  const steps = model.series.column('step');
  const from = cross >= 0 ? cross : last;
  const jump = stride * (event.shiftKey ? 10 : 1);
  const full = fullRange(model);
  const range = zoom ?? full;
  const go = (index: number): void => {
    const step = steps[Math.max(0, Math.min(last, index))]!;
    if (step < range.from) commands.setZoom(panned(range, step - range.from, full));
    else if (step > range.to) commands.setZoom(panned(range, step - range.to, full));
    commands.setCross(step);
  };
  switch (event.key) {
    case 'ArrowLeft':
      go(from - jump);
      return true;
    case 'ArrowRight':
      go(cross < 0 ? last : from + jump);
      return true;
    case 'Home':
      go(0);
      return true;
    case 'End':
      go(last);
      return true;
    case '+':
    case '=':
      commands.setZoom(zoomed(range, steps[from]!, 0.5, full));
      return true;
    case '-':
      commands.setZoom(zoomed(range, steps[from]!, 2, full));
      return true;
    case '0':
      commands.setZoom(undefined);
      return true;
    case 'Escape':
      commands.setCross(undefined);
      return true;
    default:
      return false;
  }
}

/** At most one call a second; the last text is never lost. */
export function throttle(write: (text: string) => void): (text: string) => void {
  let waiting: string | undefined;
  let busy = false;
  const flush = (): void => {
    busy = waiting !== undefined;
    if (waiting === undefined) return;
    write(waiting);
    waiting = undefined;
    setTimeout(flush, 1000);
  };
  return (text) => {
    waiting = text;
    if (!busy) flush();
  };
}
