/** The sentences of the chat's page. */
import { type ChatAnswer, type Side, SIDES, isOpen } from '../../../chat/conversation';
import type { SamplingField } from '../../../chat/sampling';
import type { ChatModelState, ChatState } from '../../chat-protocol';
import { countText } from '../format';
import type { ChatView } from './scene';

export function sideTitle(side: Side, models: number): string {
  if (models === 1) return 'Model';
  return side === 'base' ? 'Base' : 'Tuned';
}

/** The models whose answers are shown: all there are, or the one that was chosen. */
export function shownSides({ models }: Pick<ChatState, 'models'>, shown: ChatView['shown']): Side[] {
  const all = SIDES.filter((side) => models.some((model) => model.side === side));
  return shown !== 'both' && all.includes(shown) ? [shown] : all;
}

export function isBusy({ turns }: Pick<ChatState, 'turns'>): boolean {
  return turns.some(({ answers }) => SIDES.some((side) => isOpen(answers[side])));
}

export function modelWords({ state, fraction, loaded }: ChatModelState): string {
  if (state === 'loading') return fraction > 0 ? `Loading, ${Math.round(fraction * 100)} %` : 'Loading';
  if (state === 'failed') return 'Not loaded';
  return loaded ? `${loaded.engine} · up to ${countText(loaded.contextLength)} tokens` : '';
}

/** `42 tokens · 31.0 tokens/s · ended by the limit of tokens`. */
export function answerWords({ state, finish, tokens = 0, seconds = 0 }: ChatAnswer): string {
  if (state === 'waiting') return 'Waiting';
  if (state === 'writing') return 'Writing';
  if (state === 'failed') return '';
  const count = `${countText(tokens)} ${tokens === 1 ? 'token' : 'tokens'}`;
  const speed = seconds > 0 && tokens > 0 ? [`${(tokens / seconds).toFixed(1)} tokens/s`] : [];
  const end = finish === 'length' ? ['ended by the limit of tokens'] : finish === 'cancelled' ? ['stopped'] : [];
  // An answer that the conversation went on without was never counted.
  return [...(tokens > 0 || finish === 'stop' ? [count] : []), ...speed, ...end].join(' · ');
}

/** `0.8`, `40`. */
export function settingText(value: number): string {
  return String(Number(value.toPrecision(12)));
}

export function defaultText(field: SamplingField): string {
  return `default ${settingText(field.default)}`;
}

/** First line of the system prompt, for the closed section. */
export function systemWords(system: string): string {
  const line = system.trim().split('\n')[0]!;
  if (line === '') return 'none';
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

export function savedView(saved: unknown): Partial<ChatView> {
  if (typeof saved !== 'object' || saved === null) return {};
  const { draft, shown, settings } = saved as Partial<Record<keyof ChatView, unknown>>;
  return {
    ...(typeof draft === 'string' ? { draft } : {}),
    ...(shown === 'both' || shown === 'base' || shown === 'tuned' ? { shown } : {}),
    ...(typeof settings === 'boolean' ? { settings } : {}),
  };
}
