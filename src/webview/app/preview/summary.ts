import type { PreviewText } from '../../../dataset/preview';
import { linkButton } from '../components';
import { h, icon, part, setStyle } from '../dom';
import { countText } from '../format';
import type { PreviewCommands, PreviewPart } from './scene';
import { adviceFor, stretchesOf } from './words';

/** The numbers with their legend, the record as a bar, and what is wrong with it. */
export function createSummary(commands: PreviewCommands): PreviewPart {
  const figures = part('div', { class: 'legend' });
  const bar = part('div', { class: 'whole', role: 'img' });
  const scale = part('div', { class: 'scale caption', 'aria-hidden': 'true' });
  const advice = part('div', {});
  const note = part('p', { class: 'message info' });
  const element = h(
    'div',
    { class: 'summary' },
    h('section', { 'aria-label': 'Numbers' }, figures.element, bar.element, scale.element),
    note.element,
    advice.element,
  );
  let last: PreviewText | undefined;
  return {
    element,
    update: ({ text, shown }) => {
      element.hidden = text === undefined;
      if (!text || !shown || text === last) return;
      last = text;
      const { counts } = text;
      const about = shown.estimate ? 'about ' : '';
      const key = JSON.stringify([counts, shown.maxLength, shown.estimate, text.note]);
      figures.render(key, () => legend(text, about));
      bar.element.setAttribute(
        'aria-label',
        `The example from its first to its last token: ${countText(counts.trained)} trained, ${countText(counts.masked)} masked, ${countText(counts.lost)} cut off.`,
      );
      bar.element.replaceChildren(
        ...stretchesOf(text.tokens).map(({ kind, count }) => {
          const segment = h('i', { class: kind });
          setStyle(segment, 'flex-grow', String(count));
          return segment;
        }),
      );
      scale.render(key, () => scaleTexts(counts.tokens, shown.maxLength, counts.lost > 0, about));
      note.render(text.note, () => (text.note === '' ? [] : [icon('info'), h('span', {}, text.note)]));
      advice.render(key, () => adviceElements(text, shown.maxLength, commands));
    },
  };
}

function legend(text: PreviewText, about: string): HTMLElement[] {
  const { counts, tokens } = text;
  const entry = (count: number, word: string, ...samples: (readonly [string, string, string])[]): HTMLElement =>
    h(
      'div',
      {},
      h('p', { class: 'nowrap' }, h('b', { class: 'figure' }, countText(count)), ` ${word}`),
      ...samples.map(([kind, sample, meaning]) =>
        h('p', { class: 'caption' }, h('span', { class: `t ${kind}`, 'aria-hidden': 'true' }, sample), ` ${meaning}`),
      ),
    );
  const special = tokens.find((token) => token.special && token.text.length <= 14)?.text ?? '<s>';
  const lostRead = counts.lost - counts.lostTrained;
  return [
    entry(counts.trained, 'trained', ['trained', 'abc', 'counted in the loss']),
    entry(counts.masked, 'masked', ['masked', 'abc', 'read, not trained']),
    entry(
      counts.lost,
      'cut off',
      ...(counts.lostTrained > 0
        ? ([['lost-trained', 'abc', `${countText(counts.lostTrained)} of them trained`]] as const)
        : []),
      ...(lostRead > 0 || counts.lost === 0
        ? ([['lost', 'abc', counts.lost === 0 ? 'nothing is lost' : `${countText(lostRead)} only read`]] as const)
        : []),
    ),
    entry(counts.special, 'special', ['masked special', special, `of ${about}${countText(counts.tokens)} tokens`]),
  ];
}

/** First token, maximum length where it cuts, last token; the middle one keeps away from the last. */
function scaleTexts(tokens: number, maxLength: number, cut: boolean, about: string): HTMLElement[] {
  const total = h('span', { class: 'last' }, `${about}${countText(tokens)} tokens`);
  if (!cut) return [h('span', {}, '1'), total];
  const share = maxLength / tokens;
  const middle = h(
    'span',
    { class: share < 0.35 ? 'limit behind' : 'limit' },
    `maximum length ${countText(maxLength)}`,
  );
  setStyle(middle, '--at', `${share * 100}%`);
  return [...(share < 0.06 ? [] : [h('span', {}, '1')]), middle, total];
}

function adviceElements(text: PreviewText, maxLength: number, commands: PreviewCommands): HTMLElement[] {
  const advice = adviceFor(text, maxLength);
  if (!advice) return [];
  const { keepsAll } = advice;
  const sign = advice.color === 'bad' ? 'error' : 'warning';
  return [
    h(
      'div',
      { class: `message ${advice.color}` },
      icon(sign, advice.color),
      h(
        'div',
        { class: 'advice' },
        h(
          'div',
          {},
          h('p', {}, h('b', {}, advice.strong), ` ${advice.rest}`),
          advice.more !== '' && h('p', { class: 'more' }, advice.more),
        ),
        keepsAll !== undefined &&
          linkButton(`Try a maximum length of ${countText(keepsAll)}`, 'keep-all', () =>
            commands.setView({ maxLength: keepsAll }),
          ),
      ),
    ),
  ];
}
