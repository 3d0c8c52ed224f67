/** What the parts of the chat's page draw, and what they may ask for. */
import type { Side } from '../../../chat/conversation';
import type { ChatAction, ChatState } from '../../chat-protocol';

/** What the page remembers while it is hidden. */
export interface ChatView {
  /** What stands in the composer. */
  readonly draft: string;
  readonly shown: 'both' | Side;
  readonly settings: boolean;
  /** The message that is being changed. */
  readonly editing: { readonly turn: number; readonly text: string } | null;
  /** The answer that is to be added to a data file. */
  readonly saving: { readonly turn: number; readonly side: Side; readonly text: string } | null;
}

export interface ChatScene {
  readonly state: ChatState;
  readonly view: ChatView;
  /** The models whose answers are shown and asked for. */
  readonly sides: readonly Side[];
  /** An answer is being written or waits. */
  readonly busy: boolean;
}

export interface ChatCommands {
  act(action: ChatAction): void;
  /** Draws the page anew, too. */
  setView(change: Partial<ChatView>): void;
  /** Only to be remembered: what the user types stands on the page already. */
  remember(change: Partial<ChatView>): void;
}

export interface ChatPart {
  readonly element: HTMLElement;
  update(scene: ChatScene): void;
}
