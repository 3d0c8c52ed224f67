import type { Preview, PreviewText } from '../../../dataset/preview';
import type { PreviewAction, PreviewState } from '../../preview-protocol';

/** What the user chose; kept when the page is hidden and made anew. */
export interface PreviewView {
  /** Side of a preference. */
  readonly side: 'chosen' | 'rejected';
  /** Shows the number of every token below it. */
  readonly ids: boolean;
  /** Shows where every token ends. */
  readonly borders: boolean;
  /** Tried out here only; `null` takes what training would take. */
  readonly maxLength: number | null;
}

/** All that the page shows at one moment. */
export interface PreviewScene {
  readonly state: PreviewState;
  /** Cut at the length that is tried out. */
  readonly shown: Preview | null;
  readonly text: PreviewText | undefined;
  readonly view: PreviewView;
  /** Why the last action did not work. */
  readonly problem: string | undefined;
  /** What the last action has to say. */
  readonly said: string;
}

/** What parts of the page may ask for. */
export interface PreviewCommands {
  act(action: PreviewAction): void;
  setView(change: Partial<PreviewView>): void;
}

/** A piece of the page. */
export interface PreviewPart {
  readonly element: HTMLElement;
  update(scene: PreviewScene): void;
}
