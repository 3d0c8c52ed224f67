import type { Preview } from './preview';

/** `lost`: beyond the maximum length. `lost-trained`: it would have been trained. */
export type TokenKind = 'trained' | 'masked' | 'lost' | 'lost-trained';

export interface PreviewToken {
  readonly id: number;
  /** What the token stands for by itself; bytes of a character that is spread over several tokens as `⟨F0 9F⟩`. */
  readonly text: string;
  readonly kind: TokenKind;
  /** A control token of the tokenizer. */
  readonly special: boolean;
}

/** Numbers of tokens. `trained` and `masked` are those that are kept, `lost` all that are cut off. */
export interface TokenCounts {
  readonly tokens: number;
  readonly trained: number;
  readonly masked: number;
  readonly lost: number;
  readonly lostTrained: number;
  readonly special: number;
}

export function kindOf(trained: boolean, kept: boolean): TokenKind {
  if (kept) return trained ? 'trained' : 'masked';
  return trained ? 'lost-trained' : 'lost';
}

/** @param start first token of the range, @param end behind its last */
export function countTokens(tokens: readonly PreviewToken[], start: number, end: number): TokenCounts {
  const of: Record<TokenKind, number> = { trained: 0, masked: 0, lost: 0, 'lost-trained': 0 };
  let special = 0;
  for (let i = start; i < end; i++) {
    of[tokens[i]!.kind]++;
    if (tokens[i]!.special) special++;
  }
  return {
    tokens: end - start,
    trained: of.trained,
    masked: of.masked,
    lost: of.lost + of['lost-trained'],
    lostTrained: of['lost-trained'],
    special,
  };
}

/** The same record cut at another length: a preview has all tokens, so nothing has to be encoded again. */
export function withMaxLength(preview: Preview, maxLength: number): Preview {
  if (maxLength === preview.maxLength) return preview;
  const texts = preview.texts.map((text) => {
    const tokens = text.tokens.map((token, i) => {
      const trained = token.kind === 'trained' || token.kind === 'lost-trained';
      return { ...token, kind: kindOf(trained, i < maxLength) };
    });
    const turns = text.turns.map((turn) => ({ ...turn, counts: countTokens(tokens, turn.start, turn.end) }));
    return { ...text, tokens, turns, counts: countTokens(tokens, 0, tokens.length) };
  });
  return { ...preview, maxLength, texts };
}
