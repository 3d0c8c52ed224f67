import type uPlot from 'uplot';
import { h, setStyle } from '../dom';

/** The crosshair of one chart: a line and dots over the plot, moved without drawing the chart again. */
export interface Cross {
  /** `left` and `top` in CSS pixels of the plot; a dot outside the plot is left out. */
  show(left: number, dots: readonly CrossDot[]): void;
  hide(): void;
}
export interface CrossDot {
  readonly left: number;
  readonly top: number;
  readonly kind: 'train' | 'validation';
}

export function createCross(plot: uPlot): Cross {
  const line = h('div', { class: 'cross-line' });
  const dots = [h('div', { class: 'cross-dot' }), h('div', { class: 'cross-dot' })];
  line.hidden = true;
  for (const dot of dots) dot.hidden = true;
  plot.over.append(line, ...dots);
  return {
    show: (left, wanted) => {
      line.hidden = false;
      setStyle(line, 'transform', `translateX(${Math.round(left)}px)`);
      dots.forEach((dot, index) => {
        const at = wanted[index];
        const inside = at && Number.isFinite(at.top) && at.top >= -1 && at.top <= plot.over.clientHeight + 1;
        dot.hidden = !inside || at.left < 0 || at.left > plot.over.clientWidth;
        if (dot.hidden || !at) return;
        dot.className = `cross-dot ${at.kind}`;
        setStyle(dot, 'transform', `translate(${at.left}px, ${at.top}px)`);
      });
    },
    hide: () => {
      line.hidden = true;
      for (const dot of dots) dot.hidden = true;
    },
  };
}

/** Tells the step under the pointer, and `undefined` when it leaves. */
export function followPointer(plot: uPlot, onStep: (step: number | undefined) => void): void {
  plot.over.addEventListener('pointermove', (event) => {
    const left = event.clientX - plot.over.getBoundingClientRect().left;
    onStep(plot.posToVal(left, 'x'));
  });
  plot.over.addEventListener('pointerleave', () => onStep(undefined));
}
