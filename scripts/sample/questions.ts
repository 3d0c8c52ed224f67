import type { Priority } from './phrases';
import type { Facts } from './ticket';

/** A question about a ticket, and the same as a field of a form. */
export interface Question {
  readonly ask: readonly string[];
  readonly answer: (facts: Facts) => string;
  /** Name of the form field; empty when the question is no field. */
  readonly field: string;
  readonly value: (facts: Facts) => string;
  /** Answerable from name, product and number alone. */
  readonly short: boolean;
}

const direct = (
  field: string,
  short: boolean,
  value: (facts: Facts) => string,
  start: string,
  ask: readonly string[],
): Question => ({ field, short, value, ask, answer: (facts) => `${start} ${value(facts)}` });

const wrapped = (short: boolean, ask: readonly string[], answer: (facts: Facts) => string): Question => ({
  field: '',
  short,
  value: answer,
  ask,
  answer,
});

const WORDING: Readonly<Record<Priority, string>> = {
  high: 'Yes, the priority is high.',
  normal: 'Not really, the priority is normal.',
  low: 'No, the priority is low.',
};

export const QUESTIONS: readonly Question[] = [
  direct('Customer', true, (f) => f.customer.full, 'The customer is', [
    'Who wrote this?',
    'Who is the customer?',
    'What is the name?',
  ]),
  direct('Number', true, (f) => f.number, 'The number is', [
    'Which order number?',
    'What is the order?',
    'Which number is it?',
  ]),
  direct('Item', true, (f) => f.product, 'The product is', [
    'Which product is it?',
    'What was bought?',
    'Which item is meant?',
  ]),
  direct('Topic', false, (f) => f.issue.category, 'The topic is', [
    'Which topic?',
    'What kind of matter is it?',
    'Which category is it?',
  ]),
  direct('Urgency', false, (f) => f.priority, 'The priority is', [
    'How urgent is it?',
    'Which priority?',
    'How fast must we be?',
  ]),
  direct('Problem', false, (f) => f.issue.problem, 'The problem is that', [
    'What is the problem?',
    'What went wrong?',
    'What does the customer complain about?',
  ]),
  wrapped(true, ['Who bought what?'], (f) => `Well, ${f.customer.full} bought the ${f.product}.`),
  wrapped(true, ['Name and number, please.'], (f) => `It is ${f.customer.full} (order ${f.number})`),
  wrapped(true, ['Number and product, please.'], (f) => `The number is ${f.number}, the product is ${f.product}`),
  wrapped(
    false,
    ['What does the customer say?'],
    (f) => `The customer ${f.customer.full} says that ${f.issue.problem}.`,
  ),
  wrapped(false, ['Does it need a quick answer?'], (f) => WORDING[f.priority]),
  wrapped(
    false,
    ['Topic and urgency, please.'],
    (f) => `The topic is ${f.issue.category}, the priority is ${f.priority}`,
  ),
];

/** Those that a sentence of the story or about the urgency answers. */
export const SORTING: readonly Question[] = QUESTIONS.filter(({ field }) =>
  ['Topic', 'Urgency', 'Problem'].includes(field),
);

/** A sentence that names the customer, in front of one that names product and order. */
export const SUBJECTS: readonly string[] = [
  'This message is from {full}.',
  'My name is {full}.',
  'The customer {full} wrote to us.',
  'We got a mail from {full}.',
  'Here is {full}.',
];

export const REPLIES: Readonly<Record<Priority, readonly string[]>> = {
  high: [
    'Dear {full}, thank you for your message about the {product}. We know that it is urgent and will look at order {number} right away.',
  ],
  normal: ['Dear {full}, thank you for your message about the {product}. We will look at order {number} soon.'],
  low: [
    'Dear {full}, thank you for your message about the {product}. We will look at order {number} when it suits you.',
  ],
};

export const SYSTEMS: readonly string[] = [
  '',
  '',
  'You work at a support desk.',
  'Answer shortly.',
  'Read the message and answer.',
  'Turn the message into an answer.',
];

export const SMALL_TALK: readonly (readonly [string, string])[] = [
  ['Hello!', 'Hello! How can I help you?'],
  ['Thank you!', 'You are welcome.'],
  ['Who are you?', 'I am the assistant of the support desk.'],
  ['Good morning!', 'Good morning! What can I do for you?'],
  ['Are you there?', 'Yes, I am here.'],
  ['Goodbye!', 'Goodbye, and thank you for writing.'],
  ['What do you do?', 'I read support tickets and answer questions about them.'],
];
