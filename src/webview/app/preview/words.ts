/** The sentences of the label preview, and the parts of its bar. */
import type { Preview, PreviewText } from '../../../dataset/preview';
import type { PreviewToken, TokenCounts, TokenKind } from '../../../dataset/preview-tokens';
import { visiblePieces } from '../../../dataset/visible-text';
import { countText } from '../format';

const TEMPLATES = {
  model: 'its own chat template',
  chatml: 'chat template chatml',
  alpaca: 'chat template alpaca',
} as const;

/** `chat · Qwen2.5-0.5B-Instruct, its own chat template`. */
export function describePreview({ format, template, model, estimate, problem }: Preview): string {
  if (problem) return format ?? 'unknown format';
  const name = model ?? (estimate ? 'default vocabulary' : 'base model');
  return `${format ?? 'unknown format'} · ${name}, ${template === null ? 'no chat template' : TEMPLATES[template]}`;
}

export function turnWords({ trained, lost, lostTrained }: TokenCounts): string {
  const of = lostTrained > 0 ? ` of ${countText(trained + lostTrained)}` : '';
  if (trained + lostTrained === 0 && lost > 0) return `${countText(lost)} cut off`;
  return `${countText(trained)}${of} trained`;
}

export interface Advice {
  readonly color: 'bad' | 'warn' | 'info';
  readonly strong: string;
  readonly rest: string;
  readonly more: string;
  /** Length that would keep everything. */
  readonly keepsAll?: number;
}

/** What is wrong with a record's labels, the worst first; nothing for most records. */
export function adviceFor(text: PreviewText, maxLength: number): Advice | undefined {
  const { tokens, counts } = text;
  const all = counts.trained + counts.lostTrained;
  const because = `because the example has ${countText(counts.tokens)} tokens and the maximum length is ${countText(maxLength)}.`;
  const keepsAll = Math.ceil(counts.tokens / 32) * 32;
  if (counts.lostTrained > 0) {
    const last = tokens.findLast((token) => token.kind === 'lost-trained');
    return {
      color: 'bad',
      strong:
        counts.trained === 0
          ? `Nothing is trained: all ${countText(all)} trained tokens are lost`
          : `${countText(counts.lostTrained)} of ${countText(all)} trained tokens are lost`,
      rest: because,
      more: last?.special
        ? 'The end-of-turn token is among them: the model does not learn from this example where to stop.'
        : '',
      keepsAll,
    };
  }
  if (all === 0 && text.note === '')
    return {
      color: 'bad',
      strong: 'Nothing is trained.',
      rest: 'All answers of the record are switched off, or the chat template writes none of them.',
      more: '',
    };
  if (counts.lost > 0)
    return {
      color: 'warn',
      strong: counts.lost === 1 ? '1 token is cut off' : `${countText(counts.lost)} tokens are cut off`,
      rest: because,
      more: 'None of them would be trained.',
      keepsAll,
    };
  return undefined;
}

/** `Token 112 of 182 · id 2610 · “·light” · trained`. */
export function tokenWords(tokens: readonly PreviewToken[], i: number): string {
  const token = tokens[i]!;
  const shown = visiblePieces(token.text)
    .map((piece) => piece.text)
    .join('');
  const parts = [
    `Token ${countText(i + 1)} of ${countText(tokens.length)}`,
    `id ${token.id}`,
    shown === '' ? 'no text' : `“${shown}”`,
    KINDS[token.kind],
  ];
  if (token.special) parts.push('special token');
  return parts.join(' · ');
}

const KINDS: Readonly<Record<TokenKind, string>> = {
  trained: 'trained',
  masked: 'masked: read, not trained',
  lost: 'cut off',
  'lost-trained': 'cut off, would have been trained',
};

/** Neighbouring tokens of one kind. */
export interface Stretch {
  readonly kind: TokenKind;
  readonly count: number;
}

export function stretchesOf(tokens: readonly PreviewToken[]): Stretch[] {
  const stretches: { kind: TokenKind; count: number }[] = [];
  for (const { kind } of tokens) {
    const last = stretches.at(-1);
    if (last?.kind === kind) last.count++;
    else stretches.push({ kind, count: 1 });
  }
  return stretches;
}
