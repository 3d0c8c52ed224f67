type Child = Node | string | undefined | false;
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Makes an element. `true` writes an empty attribute, `false` and `undefined` none. Texts are never parsed as HTML. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return element;
}

/** An icon of VS Code's set. It is decoration: the word beside it, or the button's label, says the same. */
export function icon(name: string, extra = ''): HTMLElement {
  return h('i', { class: `codicon codicon-${name} ${extra}`.trim(), 'aria-hidden': 'true' });
}

/** Writes a text only when it differs, so that selections and live regions are left alone. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A style that changes while the page lives. The policy forbids style attributes in HTML, not this. */
export function setStyle(element: HTMLElement, name: string, value: string): void {
  if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
}

/** Part of the page that is built anew only when its key changes; the focus stays on the control with the same `data-key`. */
export interface Part {
  readonly element: HTMLElement;
  render(key: string, build: () => readonly Child[]): void;
}

export function part<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}): Part {
  const element = h(tag, attributes);
  let last: string | undefined;
  return {
    element,
    render: (key, build) => {
      if (key === last) return;
      last = key;
      const active = document.activeElement;
      const focused = active && element.contains(active) ? active.getAttribute('data-key') : null;
      element.replaceChildren(...build().filter((child): child is Node | string => !!child));
      element.hidden = element.childNodes.length === 0;
      if (focused !== null)
        for (const candidate of element.querySelectorAll<HTMLElement>('[data-key]'))
          if (candidate.getAttribute('data-key') === focused) candidate.focus();
    },
  };
}
