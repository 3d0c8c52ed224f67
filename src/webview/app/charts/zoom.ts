import type uPlot from 'uplot';
import { h, setStyle } from '../dom';
import type { StepRange } from './loss-data';

export interface ZoomTarget {
  readonly range: () => StepRange;
  readonly full: () => StepRange;
  /** `undefined`: everything. */
  readonly set: (range: StepRange | undefined) => void;
}

const DRAG_PIXELS = 5;

/** Drag selects steps, Shift and drag or a sideways wheel pans, Ctrl and wheel zooms, a double click shows everything. */
export function followZoom(plot: uPlot, target: ZoomTarget): void {
  const box = h('div', { class: 'zoom-box' });
  box.hidden = true;
  plot.over.append(box);
  const left = (event: MouseEvent): number => {
    const rect = plot.over.getBoundingClientRect();
    return Math.max(0, Math.min(rect.width, event.clientX - rect.left));
  };
  let drag: { readonly start: number; readonly pan: boolean; readonly range: StepRange } | undefined;

  plot.over.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    drag = { start: left(event), pan: event.shiftKey, range: target.range() };
    plot.over.setPointerCapture(event.pointerId);
  });
  plot.over.addEventListener('pointermove', (event) => {
    if (!drag) return;
    const distance = left(event) - drag.start;
    if (drag.pan) {
      const steps = (distance / plot.over.clientWidth) * (drag.range.to - drag.range.from);
      target.set(panned(drag.range, -steps, target.full()));
      return;
    }
    box.hidden = Math.abs(distance) < DRAG_PIXELS;
    setStyle(box, 'left', `${Math.min(drag.start, left(event))}px`);
    setStyle(box, 'width', `${Math.abs(distance)}px`);
  });
  const finish = (event: PointerEvent): void => {
    if (drag && !drag.pan && !box.hidden) {
      const ends = [drag.start, left(event)].sort((a, b) => a - b).map((x) => plot.posToVal(x, 'x'));
      target.set(bounded({ from: ends[0]!, to: ends[1]! }, target.full()));
    }
    drag = undefined;
    box.hidden = true;
  };
  plot.over.addEventListener('pointerup', finish);
  plot.over.addEventListener('pointercancel', () => {
    drag = undefined;
    box.hidden = true;
  });
  plot.over.addEventListener('dblclick', () => target.set(undefined));
  plot.over.addEventListener(
    'wheel',
    (event) => {
      const range = target.range();
      if (event.ctrlKey) {
        event.preventDefault();
        target.set(zoomed(range, plot.posToVal(left(event), 'x'), Math.exp(event.deltaY * 0.002), target.full()));
        return;
      }
      const sideways = event.shiftKey
        ? event.deltaY
        : Math.abs(event.deltaX) > Math.abs(event.deltaY)
          ? event.deltaX
          : 0;
      if (sideways === 0) return;
      event.preventDefault();
      target.set(panned(range, (sideways / plot.over.clientWidth) * (range.to - range.from), target.full()));
    },
    { passive: false },
  );
}

const LEAST_STEPS = 4;

/** Makes a range `factor` times as wide around a step. */
export function zoomed(range: StepRange, around: number, factor: number, full: StepRange): StepRange | undefined {
  return bounded({ from: around - (around - range.from) * factor, to: around + (range.to - around) * factor }, full);
}

/** Moves a range without changing its width or leaving the run. */
export function panned(range: StepRange, steps: number, full: StepRange): StepRange | undefined {
  const shift = Math.max(full.from - range.from, Math.min(full.to - range.to, steps));
  return bounded({ from: range.from + shift, to: range.to + shift }, full);
}

function bounded(range: StepRange, full: StepRange): StepRange | undefined {
  const middle = (range.from + range.to) / 2;
  const half = Math.max(range.to - range.from, Math.min(LEAST_STEPS, full.to - full.from)) / 2;
  const from = Math.max(full.from, middle - half);
  const to = Math.min(full.to, middle + half);
  return from <= full.from && to >= full.to ? undefined : { from, to };
}
