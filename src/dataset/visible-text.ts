/** White space and control characters as marks, so that every character of a token can be seen. */

/** A stretch of a text as it is shown. `mark`: it stands for something that is not visible by itself. */
export interface VisiblePiece {
  readonly text: string;
  readonly mark: boolean;
  /** A line ends here. */
  readonly breaks: boolean;
}

// Bytes as token texts write them, and everything that leaves no ink: controls, spaces of every kind, joiners and direction marks, and what a lone half of a pair is.
const UNSEEN =
  /⟨[0-9A-F]{2}(?: [0-9A-F]{2})*⟩|\r\n|[\s\u0000-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/gu;

/** Splits a text into what is seen and the marks for what is not: `·` space, `→` tab, `↵` line feed, `⟨U+200B⟩` the rest. Bytes stay as they are. */
export function visiblePieces(text: string): VisiblePiece[] {
  const pieces: VisiblePiece[] = [];
  let at = 0;
  for (const match of text.matchAll(UNSEEN)) {
    if (match.index > at) pieces.push({ text: text.slice(at, match.index), mark: false, breaks: false });
    pieces.push({ text: markOf(match[0]), mark: true, breaks: match[0].endsWith('\n') });
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), mark: false, breaks: false });
  return pieces;
}

function markOf(unseen: string): string {
  switch (unseen) {
    case ' ':
      return '·';
    case '\t':
      return '→';
    case '\n':
      return '↵';
    case '\r\n':
      return '␍↵';
    case '\r':
      return '␍';
    default:
      if (unseen.startsWith('⟨')) return unseen;
      return `⟨U+${unseen.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`;
  }
}
