import { button } from '../components';
import { h } from '../dom';
import { grow, onEnter } from './composer';

export interface TextEditorOptions {
  readonly key: string;
  readonly label: string;
  readonly text: string;
  /** Word of the button, and its icon. */
  readonly accept: string;
  readonly acceptIcon: string;
  /** What will happen. */
  readonly note: string;
  readonly enterAccepts: boolean;
  readonly onText: (text: string) => void;
  readonly onAccept: (text: string) => void;
  readonly onCancel: () => void;
}

/** A text that is changed in its place. Escape leaves it as it was. */
export function textEditor(options: TextEditorOptions): HTMLElement {
  const { key, onText, onCancel } = options;
  const input = h('textarea', { class: 'text', rows: 1, 'aria-label': options.label, 'data-key': key });
  const accept = (): void => {
    const text = input.value.trim();
    if (text !== '') options.onAccept(text);
  };
  input.value = options.text;
  input.addEventListener('input', () => {
    grow(input);
    onText(input.value);
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') onCancel();
  });
  if (options.enterAccepts) onEnter(input, accept);
  queueMicrotask(() => {
    grow(input);
    input.focus({ preventScroll: true });
    element.scrollIntoView({ block: 'nearest' });
  });
  const element = h(
    'div',
    { class: 'text-editor' },
    input,
    h(
      'div',
      { class: 'row wrap' },
      button({ label: options.accept, icon: options.acceptIcon, primary: true, key: `${key}-accept`, onPress: accept }),
      button({ label: 'Cancel', key: `${key}-cancel`, onPress: onCancel }),
      h('span', { class: 'caption' }, options.note),
    ),
  );
  return element;
}
