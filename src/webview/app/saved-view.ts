import type { ViewState } from './parts/scene';

const FIRST_VIEW: ViewState = { run: null, smoothed: true, log: false, table: false, settingsOpen: false };

/** What the user chose when the page was last shown, as VS Code kept it. */
export function savedView(saved: unknown): ViewState {
  if (typeof saved !== 'object' || saved === null) return FIRST_VIEW;
  const { run, smoothed, log, table, settingsOpen } = saved as Partial<Record<keyof ViewState, unknown>>;
  return {
    ...FIRST_VIEW,
    ...(typeof run === 'string' ? { run } : {}),
    ...(typeof smoothed === 'boolean' ? { smoothed } : {}),
    ...(typeof log === 'boolean' ? { log } : {}),
    ...(typeof table === 'boolean' ? { table } : {}),
    ...(typeof settingsOpen === 'boolean' ? { settingsOpen } : {}),
  };
}
