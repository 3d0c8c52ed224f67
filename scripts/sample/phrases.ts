/** Sentences around the problem. `{full}` name, `{first}` first name, `{product}`, `{p}` its noun, `{number}`. */
export const PRIORITIES = ['high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** The only sentences that speak about time pressure: exactly one of them decides the priority of a ticket. */
export const URGENCY: Readonly<Record<Priority, readonly string[]>> = {
  high: [
    'This is urgent.',
    'It is very urgent for me.',
    'I need an answer today.',
    'Please help me right away.',
    'Please deal with this immediately.',
    'I need it solved by tomorrow morning.',
    'Please reply as soon as possible.',
    'I cannot wait any longer.',
    'Time is running out, please hurry.',
    'We leave tomorrow, so please be quick.',
    'It is an emergency for us.',
    'Please treat this with top priority.',
  ],
  normal: [
    'Please let me know what to do.',
    'I hope that you can help.',
    'Could you look into it, please?',
    'Please tell me how we go on.',
    'I would be glad about an answer.',
    'What do you suggest?',
    'Can you check that for me?',
    'I look forward to your reply.',
  ],
  low: [
    'There is no hurry.',
    'No rush at all.',
    'It is not urgent.',
    'Take your time.',
    'An answer next month is fine.',
    'Whenever you have a free moment is fine.',
    'It can wait a while.',
    'I can wait, this is a small thing.',
    'I am in no hurry with this.',
    'Answer me when it suits you.',
    'There is plenty of time.',
    'It is not pressing.',
  ],
};

export const GREETINGS: readonly string[] = [
  'Hello,',
  'Hi there,',
  'Good morning,',
  'Good evening,',
  'Dear support team,',
  'Dear Sir or Madam,',
  'Hi,',
  'Hello support,',
  'To whom it may concern,',
];

export const INTRODUCTIONS: readonly string[] = [
  'my name is {full}.',
  'this is {full}.',
  'I am {full}.',
  '{full} here.',
  'you are reading a message from {full}.',
];

export const PURCHASES: readonly string[] = [
  'I bought a {product}, order {number}.',
  'I ordered the {product} from you, my order number is {number}.',
  'It is about order {number}, the {product}.',
  'Last month I got a {product} in your shop, order number {number}.',
  'I write because of the {product} from order {number}.',
  'Under the number {number} I ordered a {product}.',
  'My order {number} was for a {product}.',
  'Two weeks ago I paid for a {product} (order {number}).',
  'With order {number} I chose the {product}.',
  'You have my order {number} for the {product}.',
];

export const ASIDES: readonly string[] = [
  'I have been a customer for years.',
  'I was really looking forward to it.',
  'It was meant as a present for my sister.',
  'So far I was always happy with your shop.',
  'I tried to call you, but nobody picked up.',
  'My whole family wanted to use it.',
  'I already wrote to you once.',
  'A friend told me about your shop.',
  'I use it for my work.',
  'That is a pity, because I like the look of it.',
  'I have never had such trouble before.',
  'The weather has been bad here, too.',
];

export const CLOSINGS: readonly string[] = [
  'Thank you, {full}',
  'Many thanks, {full}',
  'Kind regards, {full}',
  'Best wishes, {full}',
  'Regards, {full}',
  'Yours, {full}',
  'Greetings from {full}',
];
