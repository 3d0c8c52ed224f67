/** What a benchmark asks. */

export interface Question {
  readonly text: string;
  /** Empty where the answer is a text of its own. */
  readonly choices: readonly string[];
  /** Index of the right choice, or the texts that are right. */
  readonly answer: number | readonly string[];
}

export interface SubjectQuestions {
  /** As in the names of MMLU: `high_school_physics`; `NO_SUBJECT` of files that name none. */
  readonly name: string;
  /** Asked, in the order of their file. */
  readonly questions: readonly Question[];
  /** To be shown with their answers before a question, in the order of their file. */
  readonly examples: readonly Question[];
}

export const NO_SUBJECT = 'all';

/** `A` to `Z` for 0 to 25. */
export function letterOf(choice: number): string {
  return String.fromCharCode(FIRST_LETTER + choice);
}

/** @returns -1 where the text is no single letter from A to Z */
export function indexOfLetter(text: string): number {
  return /^[A-Z]$/.test(text) ? text.charCodeAt(0) - FIRST_LETTER : -1;
}

export const MOST_CHOICES = 26;

const FIRST_LETTER = 'A'.charCodeAt(0);
