import { button } from '../components';
import { h, part } from '../dom';
import type { Commands } from './scene';

/** What the page says before the first run: how to begin. */
export function createEmpty(commands: Pick<Commands, 'act'>): {
  readonly element: HTMLElement;
  update(problem: string | undefined): void;
} {
  const problem = part('p', { class: 'problem', role: 'alert' });
  const element = h(
    'section',
    { class: 'empty' },
    h('p', {}, 'No runs in this folder yet.'),
    h(
      'p',
      {},
      'Training needs a JSONL file with examples and a base model. The command asks for both, checks the data and shows every setting before it begins.',
    ),
    button({
      label: 'Train',
      icon: 'play',
      primary: true,
      key: 'train',
      onPress: () => commands.act({ type: 'train' }),
    }),
    problem.element,
    h('p', { class: 'caption' }, 'Loss, speed and checkpoints then appear here while the model learns.'),
    h('p', { class: 'caption' }, 'Everything runs on this machine. No Python, no account.'),
  );
  return { element, update: (text) => problem.render(text ?? '', () => (text === undefined ? [] : [text])) };
}
