import { button } from '../components';
import { h, part } from '../dom';
import type { ChatCommands, ChatPart, ChatScene } from './scene';

const MOST_LINES = 10;

/** Where messages are written. Enter sends; Shift and Enter begin a new line. */
export function createComposer(commands: ChatCommands, said: HTMLElement): ChatPart {
  let scene: ChatScene | undefined;
  const input = h('textarea', {
    id: 'message',
    class: 'text',
    rows: 1,
    placeholder: 'Message',
    'aria-label': 'Message',
    'data-key': 'message',
  });
  const send = (): void => {
    const text = input.value.trim();
    if (!scene || scene.busy || text === '' || scene.state.models.length === 0) return;
    input.value = '';
    grow(input);
    commands.setView({ draft: '', editing: null });
    commands.act({ type: 'send', text, sides: scene.sides });
  };
  input.addEventListener('input', () => {
    grow(input);
    commands.remember({ draft: input.value });
  });
  onEnter(input, send);
  const actions = part('div', { class: 'send' });
  return {
    element: h(
      'footer',
      { class: 'composer' },
      h('div', { class: 'composer-row' }, input, actions.element),
      h(
        'div',
        { class: 'row' },
        h('p', { class: 'caption grow' }, 'Enter sends, Shift+Enter begins a new line.'),
        said,
      ),
    ),
    update: (next) => {
      if (!scene && next.view.draft !== '') {
        input.value = next.view.draft;
        queueMicrotask(() => grow(input));
      }
      scene = next;
      actions.render(String(next.busy), () => [
        next.busy
          ? button({ label: 'Stop', icon: 'debug-stop', key: 'stop', onPress: () => commands.act({ type: 'stop' }) })
          : button({ label: 'Send', icon: 'send', primary: true, key: 'send', onPress: send }),
      ]);
    },
  };
}

/** A text area as high as its text. */
export function grow(input: HTMLTextAreaElement): void {
  const line = parseFloat(getComputedStyle(input).lineHeight) || 18;
  input.style.setProperty('height', 'auto');
  input.style.setProperty('height', `${Math.min(input.scrollHeight + 2, line * MOST_LINES + 14)}px`);
}

/** Not while a word is being composed, as Chinese and Japanese are written. */
export function onEnter(input: HTMLTextAreaElement, run: () => void): void {
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    run();
  });
}
