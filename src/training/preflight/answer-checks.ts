import { Failure } from '../../common/failure';
import type { LoadedData } from '../data';
import { scoreAnswers } from '../score-answers';
import type { ResolvedSettings } from '../settings';
import { type Finding, countOf, linesText } from './finding';

type Checked = Pick<
  ResolvedSettings,
  | 'eval_metrics'
  | 'eval_generate_samples'
  | 'eval_generate_steps'
  | 'eval_max_new_tokens'
  | 'batch_size'
  | 'gradient_accumulation_steps'
>;
type Data = Pick<LoadedData, 'train' | 'validation' | 'questions'>;

/** Whether there are validation records to answer, and how long that takes beside the training. */
export function answerFindings(data: Data, settings: Checked): Finding[] {
  const { eval_metrics: metrics, eval_generate_samples: wanted } = settings;
  const { validation, questions } = data;
  if (metrics.length === 0) return [];
  const named = `eval_metrics names ${metrics.join(', ')}, but`;
  if (validation.length === 0)
    return [
      blocking(
        `${named} there is no validation data whose records could be answered.`,
        'Set validation_file, or validation_split to 0.1, or leave eval_metrics out.',
      ),
    ];
  if (questions.length === 0)
    return [
      blocking(
        `${named} no validation record has a prompt and a whole answer.`,
        'Leave eval_metrics out for text without prompts; raise max_length where answers are cut off.',
      ),
    ];
  const unreadable = metrics.flatMap((metric) => unreadableBy(metric, questions) ?? []);
  if (unreadable.length > 0) return unreadable;
  const possible = Math.min(wanted, validation.length);
  const fewer: Finding[] =
    questions.length === possible
      ? []
      : [
          {
            code: 'eval-metrics',
            severity: 'warns',
            message: `${questions.length} of ${possible} validation records are answered for eval_metrics: the others are cut off, or have no prompt that the template takes.`,
            hint: 'Raise max_length where answers are cut off.',
          },
        ];
  return [...fewer, ...cost(data, settings)];
}

function blocking(message: string, hint: string): Finding {
  return { code: 'eval-metrics', severity: 'blocks', message, hint };
}

/** Found out now, not when the first answers are written. */
function unreadableBy(metric: string, questions: Data['questions']): Finding | undefined {
  const unread = questions.filter((question) => {
    try {
      scoreAnswers([question], [''], [metric]);
      return false;
    } catch (error) {
      if (error instanceof Failure) return true;
      throw error;
    }
  });
  if (unread.length === 0) return undefined;
  const lines = linesText(unread.map(({ line }) => line));
  return blocking(
    `eval_metrics names ${metric}, which cannot read the answers of ${countOf(unread.length, questions.length)} that were drawn, ${lines}.`,
    'Choose a metric for such answers, for example f1 or rougeL.',
  );
}

/** Of the training in between, from which on it is worth a word. */
const LARGE_SHARE = 0.5;
/** A step runs forward, and backward at about twice the cost. */
const PASSES = 3;

/**
 * In tokens that go through the model: an answer of n tokens to a prompt of p takes (n + 1)·(p + n/2), since every new
 * token reads all those before it again.
 */
function cost({ train, questions }: Data, settings: Checked): Finding[] {
  const {
    eval_generate_steps: every,
    eval_max_new_tokens: longest,
    batch_size,
    gradient_accumulation_steps,
  } = settings;
  if (every === null || train.length === 0) return [];
  let answering = 0;
  for (const { promptTokens, referenceTokens } of questions) {
    const length = Math.min(referenceTokens, longest);
    answering += (length + 1) * (promptTokens.length + length / 2);
  }
  const perRecord = train.reduce((sum, { tokens }) => sum + tokens.length, 0) / train.length;
  const share = answering / (PASSES * perRecord * batch_size * gradient_accumulation_steps * every);
  if (share < LARGE_SHARE) return [];
  const times = share < 0.95 ? `${Math.round(100 * share)} % of the time of` : `${shortNumber(share)} times as long as`;
  return [
    {
      code: 'answers-take-long',
      severity: 'warns',
      message: `Answers to ${questions.length} validation records are written every ${every === 1 ? 'step' : `${every} steps`}, and take about ${times} these steps.`,
      hint: 'Raise eval_generate_steps, or lower eval_generate_samples or eval_max_new_tokens, to spend less on them.',
    },
  ];
}

function shortNumber(value: number): string {
  return value < 10 ? String(Number(value.toPrecision(2))) : String(Math.round(value));
}
