import type { PreviewText, PreviewTurn } from '../../../dataset/preview';
import { h, part, setText } from '../dom';
import { countText } from '../format';
import { planChunks, type Chunk } from './chunks';
import type { PreviewCommands, PreviewPart } from './scene';
import { fillTokens, plainText } from './token-element';
import { tokenWords, turnWords } from './words';

/** Drawn before the first frame; the rest follows in slices. */
const AT_ONCE = 2500;
const SLICE_MS = 8;

/** The text itself, turn by turn, and the line below it that tells about one token. */
export function createTurns(commands: PreviewCommands): PreviewPart & { readonly readout: HTMLElement } {
  const list = part('div', { class: 'turns' });
  const element = h(
    'div',
    { class: 'text', tabindex: 0, role: 'group', 'aria-label': 'Tokens. The arrow keys go from token to token.' },
    list.element,
  );
  const words = h('p');
  const spoken = h('p', { class: 'unseen', role: 'status' });
  const readout = h('footer', { class: 'readout-line' }, words, spoken);
  let text: PreviewText | undefined;
  let drawn = createDrawing();
  let at = -1;
  let marked: Element | undefined;

  const inspect = (i: number): void => {
    if (!text) return;
    setText(
      words,
      i < 0 ? 'Point at a token, or press an arrow key in the text, to see its number.' : tokenWords(text.tokens, i),
    );
  };
  const goTo = (i: number): void => {
    if (!text || text.tokens.length === 0) return;
    at = Math.max(0, Math.min(text.tokens.length - 1, i));
    drawn.upTo(at);
    marked?.classList.remove('at');
    marked = element.querySelector(`[data-i="${at}"]`) ?? undefined;
    marked?.classList.add('at');
    marked?.scrollIntoView({ block: 'nearest' });
    inspect(at);
    setText(spoken, words.textContent);
  };

  element.addEventListener('mouseover', ({ target }) => inspect(indexOf(target) ?? at));
  element.addEventListener('mouseleave', () => inspect(at));
  element.addEventListener('click', ({ target }) => {
    const i = indexOf(target);
    if (i !== undefined && window.getSelection()?.isCollapsed !== false) goTo(i);
  });
  element.addEventListener('keydown', (event) => {
    const step = stepOf(event, at, text?.tokens.length ?? 0);
    if (step === undefined) return;
    event.preventDefault();
    goTo(step);
  });
  element.addEventListener('copy', (event) => {
    const range = selectedTokens(element);
    if (!range || !text) return;
    event.preventDefault();
    commands.act({ type: 'copy', text: plainText(text.tokens, range.start, range.end) });
  });

  return {
    element,
    readout,
    update: ({ text: next, shown, view }) => {
      element.classList.toggle('ids', view.ids);
      element.classList.toggle('borders', view.borders);
      element.hidden = next === undefined;
      readout.hidden = next === undefined;
      if (next === text || !next || !shown) return;
      drawn.stop();
      drawn = createDrawing();
      text = next;
      at = -1;
      marked = undefined;
      inspect(at);
      list.element.replaceChildren(...next.turns.map((turn) => turnElement(next, turn, shown.maxLength, drawn)));
      drawn.start();
    },
  };
}

function turnElement(text: PreviewText, turn: PreviewTurn, maxLength: number, drawing: Drawing): HTMLElement {
  const body = h('div', { class: 'tokens' });
  for (const chunk of planChunks(text.tokens, turn, maxLength)) {
    if (chunk.start === maxLength)
      body.append(h('p', { class: 'edge' }, `maximum length: ${countText(maxLength)} tokens`));
    const box = h('div', { class: 'chunk' });
    body.append(box);
    drawing.add(chunk, () => fillTokens(box, text.tokens, chunk.start, chunk.end));
  }
  const words = turnWords(turn.counts);
  const role = turn.role === 'template' ? 'added by the template' : turn.role;
  return h(
    'section',
    { class: 'turn', 'aria-label': `${role}, ${words}` },
    h('h2', { class: 'caption' }, role),
    body,
    h('p', { class: 'caption count' }, words),
  );
}

interface Drawing {
  add(chunk: Chunk, draw: () => void): void;
  start(): void;
  /** Draws at once until this token is there. */
  upTo(token: number): void;
  stop(): void;
}

/** Draws a long text in slices between frames. */
function createDrawing(): Drawing {
  const waiting: { readonly chunk: Chunk; readonly draw: () => void }[] = [];
  let next = 0;
  let stopped = false;
  const upTo = (token: number): void => {
    while (next < waiting.length && waiting[next]!.chunk.start <= token) waiting[next++]!.draw();
  };
  const slice = (): void => {
    if (stopped || next >= waiting.length) return;
    const until = performance.now() + SLICE_MS;
    while (next < waiting.length && performance.now() < until) waiting[next++]!.draw();
    setTimeout(slice, 0);
  };
  return {
    add: (chunk, draw) => waiting.push({ chunk, draw }),
    start: () => {
      upTo(AT_ONCE);
      requestAnimationFrame(slice);
    },
    upTo,
    stop: () => (stopped = true),
  };
}

function indexOf(target: EventTarget | null): number | undefined {
  const token = target instanceof Element ? target.closest<HTMLElement>('.t') : null;
  return token ? Number(token.dataset['i']) : undefined;
}

function stepOf(event: KeyboardEvent, at: number, count: number): number | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const far = event.shiftKey ? 10 : 1;
  switch (event.key) {
    case 'ArrowRight':
      return at + far;
    case 'ArrowLeft':
      return at - far;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

/** The tokens that a selection touches, whole ones. */
function selectedTokens(element: Element): Chunk | undefined {
  const selection = window.getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return undefined;
  const range = selection.getRangeAt(0);
  const touched = [...element.querySelectorAll<HTMLElement>('.t')].filter((token) => range.intersectsNode(token));
  const first = touched[0]?.dataset['i'];
  const last = touched.at(-1)?.dataset['i'];
  return first === undefined || last === undefined ? undefined : { start: Number(first), end: Number(last) + 1 };
}
