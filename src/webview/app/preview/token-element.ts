import type { PreviewToken } from '../../../dataset/preview-tokens';
import { visiblePieces } from '../../../dataset/visible-text';
import { h } from '../dom';

/** A place between two tokens where a line may be broken; within words none is. */
const BREAK = '\u200b';

/** Puts tokens into an element, each with its number in `data-i` and its id in `data-id`. */
export function fillTokens(element: Element, tokens: readonly PreviewToken[], start: number, end: number): void {
  const children: (Node | string)[] = [];
  for (let i = start; i < end; i++) {
    const token = tokens[i]!;
    if (i > start && mayBreak(tokens[i - 1]!, token)) children.push(BREAK);
    children.push(tokenElement(token, i));
    // Outside of the token, so that it also ends the line where tokens are boxes of their own.
    if (token.text.endsWith('\n')) children.push(document.createElement('br'));
  }
  element.replaceChildren(...children);
}

/** Words stay whole, and the mark of a line end stays with what it ends. */
function mayBreak(before: PreviewToken, token: PreviewToken): boolean {
  if (/^\r?\n/.test(token.text)) return false;
  return /^[ \t]/.test(token.text) || token.special || before.special;
}

function tokenElement(token: PreviewToken, i: number): HTMLElement {
  const element = document.createElement('span');
  const { text } = token;
  element.className = `t ${token.kind}${token.special ? ' special' : ''}`;
  element.dataset['i'] = String(i);
  element.dataset['id'] = String(token.id);
  // Most tokens are a space and a word: the space gets its mark by a style, without an element of its own.
  if (/^ ?[!-~]*$/.test(text)) {
    if (text.startsWith(' ')) element.classList.add('spaced');
    element.textContent = text.replace(' ', '\u00a0');
    return element;
  }
  const pieces = visiblePieces(text);
  pieces.forEach((piece, n) => {
    if (!piece.mark) element.append(piece.text);
    else if (piece.text === '·') element.append(h('span', { class: 'space' }, '\u00a0'));
    else element.append(h('span', { class: 'mark', 'data-mark': piece.text }));
    if (piece.breaks && n < pieces.length - 1) element.append(document.createElement('br'));
  });
  return element;
}

/** The texts of whole tokens, for the clipboard: without the marks, and without the bytes of split characters. */
export function plainText(tokens: readonly PreviewToken[], start: number, end: number): string {
  return tokens
    .slice(start, end)
    .map((token) => token.text.replaceAll(/⟨[0-9A-F]{2}(?: [0-9A-F]{2})*⟩/g, ''))
    .join('');
}
