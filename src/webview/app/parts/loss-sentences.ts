import { countText, lossText, plural } from '../format';
import { bestEvaluation, type RunModel } from '../model';
import type { LossFit } from '../scale';

/** One sentence that names the chart and says what it shows. */
export function chartSentence(model: RunModel): string {
  const best = bestEvaluation(model);
  const smooth = model.series.smooth;
  const train =
    smooth.length === 0
      ? ''
      : ` The smoothed train loss is ${lossText(smooth[smooth.length - 1])} at step ${countText(model.series.last('step'))}.`;
  const validation = best
    ? ` The best validation loss is ${lossText(best.loss)}, at step ${countText(best.step)}.`
    : '';
  return `Loss by step.${train}${validation} Arrow keys move the crosshair.`;
}

export function cutSentence(fit: LossFit | undefined): string {
  const parts: string[] = [];
  if (fit?.start) parts.push(`The first steps reach ${lossText(fit.start.highest)}`);
  if (fit?.spikes)
    parts.push(
      fit.spikes.count === 1
        ? `${parts.length > 0 ? 'a' : 'A'} spike reaches ${lossText(fit.spikes.highest)} at step ${countText(fit.spikes.step)}`
        : `${plural(fit.spikes.count, 'spike')} reach up to ${lossText(fit.spikes.highest)}`,
    );
  return parts.length === 0 ? '' : `${parts.join('; ')}: cut off here.`;
}
