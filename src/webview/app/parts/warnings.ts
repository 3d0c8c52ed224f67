import { linkButton } from '../components';
import { h, part } from '../dom';
import { countText, plural } from '../format';
import { bestEvaluation, evaluationsSinceBest, type RunModel } from '../model';
import { message } from './ending';
import type { ScenePart } from './scene';

const FEW = 3;

/** Findings of the trainer, and one that the evaluations show: a validation loss that no longer falls. */
export function createWarnings(): ScenePart {
  const root = part('section', { 'aria-label': 'Warnings' });
  let all = false;
  return {
    element: root.element,
    update: ({ model, state }) => {
      const found = [
        ...(state === 'running' ? noGain(model) : []),
        ...model.warnings.map((warning) => ({ text: warning.message, more: warning.hint, count: warning.count })),
      ];
      const draw = (): void =>
        root.render(`${all}${JSON.stringify(found)}`, () => [
          ...found
            .slice(0, all ? found.length : FEW)
            .map(({ text, more, count }) => message('warn', text, more, count)),
          found.length > FEW &&
            h(
              'p',
              { class: 'after' },
              linkButton(all ? 'Show fewer' : `Show all ${found.length} warnings`, 'all-warnings', () => {
                all = !all;
                draw();
              }),
            ),
        ]);
      draw();
    },
  };
}

function noGain(model: RunModel): { text: string; more: string; count: number }[] {
  const best = bestEvaluation(model);
  const since = evaluationsSinceBest(model);
  if (!best || since < 2) return [];
  const kept = model.checkpoints.some((checkpoint) => checkpoint.step === best.step);
  return [
    {
      text: `Validation loss has not improved since step ${countText(best.step)}.`,
      more: `${plural(since, 'evaluation')} since then.${kept ? ' The checkpoint of that step is kept whatever you do.' : ''}`,
      count: 1,
    },
  ];
}
