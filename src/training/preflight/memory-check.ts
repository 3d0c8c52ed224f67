import { gigabytes } from '../memory/gigabytes';
import type { Fit, Remedy } from '../memory/fit';
import type { Finding } from './finding';

export function memoryFindings({ needed, free, total, fits, remedies }: Fit): Finding[] {
  if (fits) return [];
  const blocks = needed > total;
  const [first] = remedies;
  return [
    {
      code: 'memory',
      severity: blocks ? 'blocks' : 'warns',
      message: `The run needs about ${gigabytes(needed)} of memory, and ${blocks ? `this machine has ${gigabytes(total)}` : `${gigabytes(free)} are free`}.`,
      hint: first
        ? `It fits with ${remedyText(first)} (${gigabytes(first.needed)}). "fine-tune estimate" shows every item.`
        : 'No setting makes it fit: choose a smaller model, or close other programs.',
    },
  ];
}

/** `memory low`, `batch_size 1 and gradient_accumulation_steps 16` */
export function remedyText({ settings }: Remedy): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(' and ');
}
