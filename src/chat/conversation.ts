/** A chat: what was asked, and what each of the models answered. The models go separate ways: each reads its own answers. */

/** `base` is also the side of a model that nothing was tuned from. */
export const SIDES = ['base', 'tuned'] as const;
export type Side = (typeof SIDES)[number];

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ChatAnswer {
  /** `waiting` for the other model, or for its own to be loaded. */
  readonly state: 'waiting' | 'writing' | 'done' | 'failed';
  readonly text: string;
  /** Where it is done: why it ended. */
  readonly finish?: 'stop' | 'length' | 'cancelled';
  readonly tokens?: number;
  /** From the question to the last token. */
  readonly seconds?: number;
  /** Why it failed. */
  readonly problem?: { readonly message: string; readonly hint: string };
}

export interface ChatTurn {
  readonly user: string;
  readonly answers: Readonly<Partial<Record<Side, ChatAnswer>>>;
}

/**
 * What a model is asked at a turn: the system prompt, its own conversation before, the question. Turns that it has
 * not answered, or with nothing, are left out: templates want user and assistant in turn.
 */
export function messagesFor(turns: readonly ChatTurn[], system: string, side: Side, turn: number): ChatMessage[] {
  const earlier = turns.slice(0, turn).flatMap(({ user, answers }): ChatMessage[] => {
    const answer = answers[side];
    if (answer?.state !== 'done' || answer.text.trim() === '') return [];
    return [
      { role: 'user', content: user },
      { role: 'assistant', content: answer.text },
    ];
  });
  const first: ChatMessage[] = system.trim() === '' ? [] : [{ role: 'system', content: system }];
  return [...first, ...earlier, { role: 'user', content: turns[turn]!.user }];
}

export function withAnswer(turns: readonly ChatTurn[], turn: number, side: Side, answer: ChatAnswer): ChatTurn[] {
  return turns.map((one, i) => (i === turn ? { ...one, answers: { ...one.answers, [side]: answer } } : one));
}

export function isOpen(answer: ChatAnswer | undefined): boolean {
  return answer?.state === 'waiting' || answer?.state === 'writing';
}
