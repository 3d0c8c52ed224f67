/** The label preview as text: every token, with its fate in colour or, without colour, in a row of marks below it. */
import type { Preview, PreviewText } from '../dataset/preview';
import type { PreviewToken, TokenCounts, TokenKind } from '../dataset/preview-tokens';
import { visiblePieces } from '../dataset/visible-text';
import { countText, wrap } from './format';
import { cellsOf, type Cell } from './cells';
import { styled } from './terminal';

export interface ViewOptions {
  /** As the user wrote it. */
  readonly path: string;
  readonly columns: number;
  readonly color: boolean;
  readonly unicode: boolean;
}

/** Lines of the whole report on one record that can be shown. */
export function previewLines(preview: Preview, options: ViewOptions): string[] {
  const lines = [...heading(preview, options), ''];
  for (const text of preview.texts) {
    if (text.name !== 'record')
      lines.push(styled(options.color, 'bold', text.name === 'chosen' ? 'Chosen answer' : 'Rejected answer'));
    if (text.note !== '') lines.push(...wrap(text.note, options.columns));
    lines.push(...legend(text.counts, preview, options), '');
    for (const turn of text.turns) {
      lines.push(
        `${styled(options.color, 'bold', turn.role)}  ${styled(options.color, 'dim', turnCounts(turn.counts))}`,
      );
      lines.push(...tokenRows(text, turn.start, turn.end, preview.maxLength, options), '');
    }
  }
  return lines;
}

function heading(preview: Preview, { path, columns, color }: ViewOptions): string[] {
  const template = preview.template === null ? 'no template' : TEMPLATES[preview.template];
  const model = preview.model === null ? [] : [`model ${preview.model}`];
  const about = [`format ${preview.format}`, ...model, template, `maximum length ${countText(preview.maxLength)}`];
  return [
    styled(color, 'bold', `${path}, line ${countText(preview.line)}`),
    about.join(', '),
    ...(preview.estimate
      ? wrap(
          'Counted with the default vocabulary, so the numbers are about right: name the base model with --model for its own.',
          columns,
        )
      : []),
  ];
}

const TEMPLATES = { model: "the model's own template", chatml: 'template chatml', alpaca: 'template alpaca' } as const;

function legend(counts: TokenCounts, preview: Preview, options: ViewOptions): string[] {
  const about = preview.estimate ? 'about ' : '';
  const lost = counts.lost - counts.lostTrained;
  const rows: (readonly [TokenKind, number, string, string])[] = [
    ['trained', counts.trained, 'trained', 'counted in the loss'],
    ['masked', counts.masked, 'masked', 'read, not trained'],
  ];
  if (counts.lostTrained > 0) rows.push(['lost-trained', counts.lostTrained, 'cut off', 'would have been trained']);
  if (lost > 0) rows.push(['lost', lost, 'cut off', 'would only have been read']);
  const width = Math.max(...rows.map(([, n]) => countText(n).length));
  return [
    `${about}${countText(counts.tokens)} tokens, ${countText(counts.special)} of them special`,
    ...rows.map(([kind, n, word, meaning]) => {
      const sample = options.color
        ? paint(kind, false, 0, word.padEnd(7))
        : `${MARKS[options.unicode ? 'unicode' : 'ascii'][kind].join('')}  ${word.padEnd(7)}`;
      return `  ${countText(n).padStart(width)}  ${sample}  ${meaning}`;
    }),
  ];
}

function turnCounts(counts: TokenCounts): string {
  const all = counts.trained + counts.lostTrained;
  const trained =
    counts.lostTrained > 0 ? `${countText(counts.trained)} of ${countText(all)}` : countText(counts.trained);
  return `${trained} trained${counts.lost > 0 ? `, ${countText(counts.lost)} cut off` : ''}`;
}

/** First and following columns of a token in the row of marks. */
const MARKS: Readonly<Record<'unicode' | 'ascii', Readonly<Record<TokenKind, readonly [string, string]>>>> = {
  unicode: { trained: ['╘', '═'], masked: ['╵', ' '], lost: ['×', '╌'], 'lost-trained': ['×', '═'] },
  ascii: { trained: ['+', '='], masked: ["'", ' '], lost: ['x', '-'], 'lost-trained': ['x', '='] },
};

const INDENT = '  ';

interface Placed extends Cell {
  readonly token: number;
  /** First cell of its token. */
  readonly first: boolean;
}

function tokenRows(text: PreviewText, from: number, to: number, maxLength: number, options: ViewOptions): string[] {
  const width = Math.max(20, options.columns - INDENT.length);
  const rows: string[] = [];
  let row: Placed[] = [];
  let used = 0;
  const end = (): void => {
    if (row.length > 0) rows.push(...written(row, text.tokens, options));
    row = [];
    used = 0;
  };
  for (let i = from; i < to; i++) {
    if (i === maxLength) {
      end();
      rows.push(edge(maxLength, width, options));
    }
    const lines = shownCells(text.tokens[i]!, options.unicode);
    const room = lines[0]!.reduce((sum, cell) => sum + cell.width, 0);
    if (used + room > width && room <= width) end();
    lines.forEach((cells, n) => {
      if (n > 0) end();
      cells.forEach((cell, c) => {
        if (used + cell.width > width) end();
        row.push({ ...cell, token: i, first: n === 0 && c === 0 });
        used += cell.width;
      });
    });
  }
  end();
  return rows;
}

/** Cells of a token, a list for each line that it reaches into. */
function shownCells(token: PreviewToken, unicode: boolean): Cell[][] {
  const lines: Cell[][] = [[]];
  for (const piece of visiblePieces(token.text)) {
    lines.at(-1)!.push(...cellsOf(unicode || !piece.mark ? piece.text : asciiMark(piece.text)));
    if (piece.breaks) lines.push([]);
  }
  return lines;
}

const asciiMark = (mark: string): string =>
  mark
    .replace('·', ' ')
    .replace('→', '\\t')
    .replace('␍', '\\r')
    .replace('↵', '\\n')
    .replace('⟨', '<')
    .replace('⟩', '>');

/** One row of the screen: painted, or two lines of text and marks. */
function written(row: readonly Placed[], tokens: readonly PreviewToken[], { color, unicode }: ViewOptions): string[] {
  if (color) {
    let line = '';
    for (let i = 0; i < row.length;) {
      const { token } = row[i]!;
      let text = '';
      for (; i < row.length && row[i]!.token === token; i++) text += row[i]!.text;
      line += paint(tokens[token]!.kind, tokens[token]!.special, token, text);
    }
    return [INDENT + line];
  }
  const marks = MARKS[unicode ? 'unicode' : 'ascii'];
  const below = row.map(({ token, first, width }) => {
    const [head, tail] = marks[tokens[token]!.kind];
    return width === 0 ? '' : (first ? head : tail) + tail.repeat(width - 1);
  });
  return [INDENT + row.map((cell) => cell.text).join(''), (INDENT + below.join('')).trimEnd()];
}

function edge(maxLength: number, width: number, { color, unicode }: ViewOptions): string {
  const dash = unicode ? '╌' : '-';
  const words = ` maximum length: ${countText(maxLength)} ${maxLength === 1 ? 'token' : 'tokens'} `;
  const sides = Math.max(2, Math.floor((Math.min(width, 80) - words.length) / 2));
  return INDENT + styled(color, 'red', dash.repeat(sides) + words + dash.repeat(sides));
}

/** Two shades in turn, so that neighbouring tokens can be told apart; special tokens are inverted, which boxes them. */
const SGR: Readonly<Record<TokenKind, readonly [string, string]>> = {
  trained: ['4;34', '4;94'],
  masked: ['0', '2'],
  lost: ['9;31', '9;91'],
  'lost-trained': ['9;4;31', '9;4;91'],
};

function paint(kind: TokenKind, special: boolean, token: number, text: string): string {
  return `\u001b[${SGR[kind][token % 2]}${special ? ';7' : ''}m${text}\u001b[0m`;
}
