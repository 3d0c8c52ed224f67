/**
 * What the chat's page and the extension host say to each other. The host has the conversation; the page asks `ready`
 * when it loads and each time it becomes visible again, and then hears of every change.
 */
import type { ChatAnswer, ChatTurn, Side } from '../chat/conversation';
import type { LoadedModel } from '../chat/protocol';
import type { Sampling } from '../evaluation/generation/generator';

export interface ChatState {
  readonly name: string;
  /** Empty until it is known what there is. */
  readonly models: readonly ChatModelState[];
  readonly system: string;
  readonly sampling: Sampling;
  readonly turns: readonly ChatTurn[];
  /** Why no model answers any more. The next message, or `restart`, tries again. */
  readonly failure: Problem | null;
}

export interface Problem {
  readonly message: string;
  readonly hint: string;
}

export interface ChatModelState {
  readonly side: Side;
  readonly name: string;
  readonly state: 'loading' | 'ready' | 'failed';
  /** Loaded share, 0 to 1. */
  readonly fraction: number;
  readonly loaded?: LoadedModel;
  readonly problem?: Problem;
}

export type ChatAction =
  | { readonly type: 'send'; readonly text: string; readonly sides: readonly Side[] }
  /** Another message at that turn; what followed it is forgotten. */
  | { readonly type: 'edit'; readonly turn: number; readonly text: string; readonly sides: readonly Side[] }
  /** Another answer to the last message, with another seed. */
  | { readonly type: 'regenerate'; readonly side: Side }
  | { readonly type: 'stop' }
  /** Begins a new conversation. */
  | { readonly type: 'clear' }
  | { readonly type: 'restart' }
  | { readonly type: 'setUp'; readonly system: string; readonly sampling: Sampling }
  | { readonly type: 'copy'; readonly text: string }
  /** Adds the conversation with this answer to a data file that the user chooses. */
  | { readonly type: 'save'; readonly turn: number; readonly side: Side; readonly text: string };

/** Requests of the page. The reply to `act` is what there is to say about it, mostly nothing. */
export type ChatPageRequests = {
  readonly ready: { readonly params: null; readonly result: ChatState };
  readonly act: { readonly params: ChatAction; readonly result: string };
};

/** Notices of the host: everything, or what is written of one answer. */
export type ChatHostNotices = {
  readonly state: ChatState;
  readonly answer: { readonly turn: number; readonly side: Side; readonly answer: ChatAnswer };
};
