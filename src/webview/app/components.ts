/**
 * The widgets of the page. This is the only file that names the widget toolkit: it is archived, and a successor must
 * be a change of one file.
 */
import { provideVSCodeDesignSystem, vsCodeButton, vsCodeProgressRing } from '@vscode/webview-ui-toolkit';
import { h, icon } from './dom';

export interface ButtonOptions {
  /** Verb first. */
  readonly label: string;
  readonly icon?: string;
  /** Colour class of the icon. */
  readonly iconColor?: string;
  readonly primary?: boolean;
  readonly disabled?: boolean;
  /** Keeps the focus on this button when the part around it is built anew. */
  readonly key: string;
  readonly onPress: () => void;
}

/** Makes the widgets known to the browser. Call it once, before anything is drawn. */
export function registerComponents(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeProgressRing());
}

/** A button with a word. */
export function button(options: ButtonOptions): HTMLElement {
  const element = widget('vscode-button', {
    appearance: options.primary ? 'primary' : 'secondary',
    class: 'button',
    'data-key': options.key,
    disabled: options.disabled ?? false,
  });
  if (options.icon !== undefined) {
    const start = icon(options.icon, `small ${options.iconColor ?? ''}`.trim());
    start.slot = 'start';
    element.append(start);
  }
  element.append(options.label);
  return pressable(element, options.onPress);
}

export interface IconButtonOptions {
  /** An icon, or a word of a few letters where no icon says it. */
  readonly icon: string;
  readonly word?: true;
  /** Name for the tooltip and for screen readers. */
  readonly label: string;
  readonly key: string;
  /** A button that is on or off. */
  readonly pressed?: boolean;
  readonly onPress: () => void;
}

/** A small button with an icon only. */
export function iconButton(options: IconButtonOptions): HTMLElement {
  const element = widget('vscode-button', {
    appearance: 'icon',
    class: `icon-button${options.word ? ' word' : ''}${options.pressed ? ' on' : ''}`,
    'aria-label': options.label,
    'aria-pressed': options.pressed === undefined ? undefined : String(options.pressed),
    title: options.label,
    'data-key': options.key,
  });
  element.append(options.word ? options.icon : icon(options.icon));
  return pressable(element, options.onPress);
}

/** A link that runs an action of the extension. */
export function linkButton(label: string, key: string, onPress: () => void): HTMLElement {
  return pressable(h('button', { type: 'button', class: 'link', 'data-key': key }, label), onPress);
}

export interface NumberInputOptions {
  /** For the label's `for`. */
  readonly id: string;
  readonly value: number;
  readonly key: string;
  /** Told of whole numbers from 1 when the user has finished; anything else goes back to what it was. */
  readonly onChange: (value: number) => void;
}

export function numberInput({ id, value, key, onChange }: NumberInputOptions): HTMLInputElement {
  const input = h('input', { id, class: 'input number', type: 'text', inputmode: 'numeric', value, 'data-key': key });
  input.addEventListener('change', () => {
    const next = Number(input.value.replaceAll(',', '').trim());
    if (Number.isSafeInteger(next) && next >= 1) onChange(next);
    else input.value = String(value);
  });
  return input;
}

/** A turning ring, for work whose end is not known. */
export function progressRing(label: string): HTMLElement {
  return widget('vscode-progress-ring', { class: 'ring', 'aria-label': label });
}

function widget(tag: string, attributes: Readonly<Record<string, string | boolean | undefined>>): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value);
  return element;
}

function pressable(element: HTMLElement, onPress: () => void): HTMLElement {
  element.addEventListener('click', () => {
    if (!element.hasAttribute('disabled')) onPress();
  });
  return element;
}
