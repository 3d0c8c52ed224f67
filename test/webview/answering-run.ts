import type { AnswerSample, TrainerEvent } from '../../src/training/protocol';
import { sampleRun, type SampleOptions } from './sample-runs';

/** A sample run with `eval_metrics`: answers that get better, written at every second evaluation. */
export function answeringRun(options: SampleOptions): TrainerEvent[] {
  const wanted = ['exact_match', 'f1', 'rougeL', 'bleu'];
  const every = 2 * options.evalSteps;
  return sampleRun(options).map((event): TrainerEvent => {
    if (event.type === 'started') return { ...event, settings: { ...event.settings, eval_metrics: wanted } };
    if (event.type !== 'evaluation' || event.step % every > 0) return event;
    const learned = 1 - Math.exp((-4 * event.step) / options.totalSteps);
    const metrics = {
      exact_match: Math.round(17 * learned ** 2) / 20,
      f1: 0.12 + 0.82 * learned,
      rougeL: 0.1 + 0.86 * learned,
      bleu: 2.1 + 78 * learned ** 1.5,
    };
    return { ...event, metrics, answers: 20, samples: TICKETS.map((ticket, i) => answered(ticket, learned - i / 4)) };
  });
}

const TICKETS = [
  {
    line: 4,
    prompt:
      'Good evening, I would be glad about an answer. I write because of the Garzo printer from order 27839. The price was taken from my card two times on the same day. My whole family wanted to use it. Best wishes, Lorko Holelin',
    reference:
      'category: payment\npriority: normal\nproduct: Garzo printer\nsummary: Lorko Holelin (order 27839) says that the card was charged twice.',
  },
  {
    line: 29,
    prompt: 'There was no invoice in the box and none in my mail.',
    reference: 'category: payment\npriority: low\nsummary: The invoice is missing.',
  },
  { line: 63, prompt: 'No light, no sound, the router simply will not start.', reference: 'category: repair' },
];

function answered(ticket: (typeof TICKETS)[number], learned: number): AnswerSample {
  const words = ticket.reference.split(' ');
  const right = Math.round(words.length * Math.min(1, Math.max(0, learned * 1.3)));
  const wrong = right === words.length ? [] : ['Thank', 'you', 'for', 'your', 'message.'].slice(0, 1 + right);
  return { ...ticket, answer: learned < -0.4 ? '' : [...words.slice(0, right), ...wrong].join(' ') };
}
