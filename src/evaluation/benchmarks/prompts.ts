/** How a question is put to a model. */
import type { Message } from '../../dataset/conversation';
import { trim } from '../metrics/python-text';
import type { Benchmark } from './benchmark';
import { NO_SUBJECT, type Question, type SubjectQuestions, letterOf } from './question';

/**
 * The text before the answer, as lm-eval 0.4.9.1 writes MMLU (`tasks/mmlu/default/_default_template_yaml`): description,
 * examples with their letters, the question. The answer is continued with `answerText`.
 */
export function completionPrompt(
  question: Question,
  subject: SubjectQuestions,
  { shots }: Pick<Benchmark, 'shots'>,
): string {
  const examples = examplesFor(question, subject, shots);
  const shown = examples.map((one) => `${questionText(one)}${answerText(one.answer as number)}\n\n`).join('');
  return `The following are multiple choice questions (with answers)${aboutText(subject)}.\n\n${shown}${questionText(question)}`;
}

/** What a model continues the prompt with to answer so. */
export function answerText(choice: number): string {
  return ` ${letterOf(choice)}`;
}

/** The same as a conversation: each example a question and its answer. */
export function chatPrompt(
  question: Question,
  subject: SubjectQuestions,
  { shots }: Pick<Benchmark, 'shots'>,
): Message[] {
  const asked = (one: Question): Message => ({ role: 'user', content: chatText(one, subject), trained: false });
  const examples = examplesFor(question, subject, shots).flatMap((one): Message[] => [
    asked(one),
    {
      role: 'assistant',
      content: typeof one.answer === 'number' ? letterOf(one.answer) : one.answer[0]!,
      trained: false,
    },
  ]);
  return [...examples, asked(question)];
}

function chatText(question: Question, subject: SubjectQuestions): string {
  if (question.choices.length === 0) return question.text;
  return `Answer this multiple choice question${aboutText(subject)} with the letter of the right choice, and nothing else.\n\n${questionText(question)}`;
}

function questionText({ text, choices }: Question): string {
  const lines = choices.map((choice, i) => `${letterOf(i)}. ${choice}\n`).join('');
  return `${trim(text)}\n${lines}Answer:`;
}

function aboutText({ name }: SubjectQuestions): string {
  return name === NO_SUBJECT ? '' : ` about ${name.replaceAll('_', ' ')}`;
}

/** Where a question is among the examples, the next one takes its place. */
function examplesFor(question: Question, { examples }: SubjectQuestions, shots: number): readonly Question[] {
  const own = JSON.stringify(question);
  return examples.filter((one) => JSON.stringify(one) !== own).slice(0, shots);
}
