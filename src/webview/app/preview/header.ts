import type { PreviewText } from '../../../dataset/preview';
import { button, iconButton, numberInput, progressRing } from '../components';
import { h, icon, part, setText } from '../dom';
import { countText } from '../format';
import type { PreviewCommands, PreviewPart, PreviewView } from './scene';
import { plainText } from './token-element';
import { describePreview } from './words';

/** Which record it is, how it is read, and what can be done with it. */
export function createPreviewHeader(commands: PreviewCommands): PreviewPart {
  const title = h('h1', { class: 'ellipsis' });
  const about = h('p', { class: 'muted' });
  const ring = part('span', { class: 'row' });
  const length = part('div', { class: 'row length' });
  const sides = part('div', { class: 'row', role: 'group', 'aria-label': 'Side of the preference' });
  const tools = part('div', { class: 'row' });
  const problem = part('p', { class: 'problem', role: 'alert' });
  const status = h('p', { class: 'caption said', role: 'status' });
  let last: PreviewText | undefined;
  const copy = (): void => {
    if (last) commands.act({ type: 'copy', text: plainText(last.tokens, 0, last.tokens.length) });
  };
  const element = h(
    'header',
    {},
    h(
      'div',
      { class: 'heading' },
      h('div', { class: 'grow' }, h('div', { class: 'row' }, title, ring.element), about),
      h('div', { class: 'row controls' }, sides.element, length.element, tools.element),
    ),
    problem.element,
    status,
  );
  return {
    element,
    update: ({ state, shown, text, view, problem: why, said }) => {
      const { place } = state;
      last = text;
      setText(title, place ? `Line ${countText(place.line)} of ${place.file}` : 'What is trained');
      setText(about, place ? aboutRecord(place, shown ? describePreview(shown) : '') : '');
      ring.render(String(state.loading), () => (state.loading ? [progressRing('Reading the record')] : []));
      const names = state.preview?.texts.map(({ name }) => name) ?? [];
      sides.render(`${names.join()}${text?.name}`, () =>
        names.flatMap((name) =>
          name === 'record'
            ? []
            : [
                iconButton({
                  icon: name,
                  word: true,
                  label: `Show the ${name} answer`,
                  key: name,
                  pressed: text?.name === name,
                  onPress: () => commands.setView({ side: name }),
                }),
              ],
        ),
      );
      const own = state.preview?.maxLength;
      length.render(`${own}/${view.maxLength}/${text === undefined}`, () =>
        own === undefined || !text
          ? []
          : [
              h('label', { class: 'caption', for: 'max-length' }, 'Maximum length'),
              numberInput({
                id: 'max-length',
                value: view.maxLength ?? own,
                key: 'max-length',
                onChange: (value) => commands.setView({ maxLength: value === own ? null : value }),
              }),
              view.maxLength !== null &&
                iconButton({
                  icon: 'discard',
                  label: `Back to ${countText(own)}, which training takes. Another length is tried out here only.`,
                  key: 'own-length',
                  onPress: () => commands.setView({ maxLength: null }),
                }),
            ],
      );
      tools.render(`${place?.line}/${view.ids}/${view.borders}/${text === undefined}`, () =>
        place === null ? [] : [...(text ? textTools(view, commands, copy) : []), ...placeTools(commands)],
      );
      setText(status, said);
      problem.render(why ?? '', () => (why === undefined ? [] : [icon('error', 'bad'), ` ${why}`]));
    },
  };
}

function textTools(view: PreviewView, commands: PreviewCommands, copy: () => void): HTMLElement[] {
  return [
    iconButton({
      icon: 'symbol-numeric',
      label: 'Show the id of every token',
      key: 'ids',
      pressed: view.ids,
      onPress: () => commands.setView({ ids: !view.ids }),
    }),
    iconButton({
      icon: 'split-horizontal',
      label: 'Show where every token ends',
      key: 'borders',
      pressed: view.borders,
      onPress: () => commands.setView({ borders: !view.borders }),
    }),
    iconButton({
      icon: 'copy',
      label: 'Copy the text as the model sees it',
      key: 'copy',
      onPress: copy,
    }),
  ];
}

function placeTools(commands: PreviewCommands): HTMLElement[] {
  return [
    iconButton({
      icon: 'go-to-file',
      label: 'Go to the record in the editor',
      key: 'reveal',
      onPress: () => commands.act({ type: 'reveal' }),
    }),
    iconButton({
      icon: 'chevron-left',
      label: 'Record before this one',
      key: 'before',
      onPress: () => commands.act({ type: 'move', by: -1 }),
    }),
    iconButton({
      icon: 'chevron-right',
      label: 'Record after this one',
      key: 'after',
      onPress: () => commands.act({ type: 'move', by: 1 }),
    }),
    button({
      label: 'Next cut off',
      icon: 'warning',
      iconColor: 'warn',
      key: 'next-cut',
      onPress: () => commands.act({ type: 'nextCut' }),
    }),
  ];
}

function aboutRecord(place: { readonly record: number; readonly records: number }, read: string): string {
  const record = place.record > 0 ? `Record ${countText(place.record)} of ${countText(place.records)}` : 'No record';
  return read === '' ? record : `${record} · ${read}`;
}
