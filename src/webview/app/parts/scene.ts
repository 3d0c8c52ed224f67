import type { Action, RunState, RunSummary, SettingInfo } from '../../protocol';
import type { StepRange } from '../charts/loss-data';
import type { RunModel } from '../model';

/** What the user chose; kept when the page is hidden and made anew. */
export interface ViewState {
  /** The run that was picked by hand. */
  readonly run: string | null;
  readonly smoothed: boolean;
  readonly log: boolean;
  readonly table: boolean;
  readonly settingsOpen: boolean;
}

export type Request = 'stop' | 'pause' | 'continue';

/** All that the page shows at one moment. */
export interface Scene {
  readonly model: RunModel;
  readonly listed: RunSummary | undefined;
  readonly runs: readonly RunSummary[];
  readonly settings: readonly SettingInfo[];
  readonly state: RunState;
  readonly view: ViewState;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Index of the record under the crosshair, or -1. */
  readonly cross: number;
  readonly zoom: StepRange | undefined;
  /** What the trainer was asked for and has not answered yet. */
  readonly asked: Request | undefined;
  /** Why the last action did not work. */
  readonly problem: string | undefined;
}

/** What parts of the page may ask for. */
export interface Commands {
  act(action: Action): void;
  setView(change: Partial<ViewState>): void;
  showRun(run: string): void;
  /** A step, or `undefined` for none. */
  setCross(step: number | undefined): void;
  setZoom(range: StepRange | undefined): void;
}

/** A piece of the page. */
export interface ScenePart {
  readonly element: HTMLElement;
  update(scene: Scene): void;
}
