import type { Kind } from './names';

/** What customers write about. `{p}` is the short name of the product ("kettle"). */
export interface Issue {
  readonly category: Category;
  /** The fixed wording of the problem, as a clause after "says that". */
  readonly problem: string;
  readonly stories: readonly string[];
  /** The kind of product it can happen to; any, where this is missing. */
  readonly only?: Kind;
}
export const CATEGORIES = ['delivery', 'payment', 'return', 'account', 'repair', 'order'] as const;
export type Category = (typeof CATEGORIES)[number];

export const ISSUES: readonly Issue[] = [
  {
    category: 'delivery',
    problem: 'the parcel never arrived',
    stories: [
      'Nobody has brought the parcel so far and the tracking page has not moved for a week.',
      'The tracking says delivered, but there is no parcel at my door and none at the neighbours.',
      'I have been waiting for two weeks and the {p} is still not here.',
      'It should have been here last Monday, yet nothing has come.',
      'The driver never showed up and I still do not have the {p}.',
      'My parcel seems to be lost somewhere on the way.',
    ],
  },
  {
    category: 'delivery',
    problem: 'the parcel came to the wrong address',
    stories: [
      'The driver left the parcel at a house in another street.',
      'It was brought to my old address, although I gave you the new one.',
      'Somebody in a different town has signed for my {p}.',
      'Your courier handed it to a shop that I do not know, far from my home.',
      'The label on the parcel shows the wrong street, so it went to strangers.',
    ],
  },
  {
    category: 'delivery',
    problem: 'the box was damaged on the way',
    stories: [
      'The box was crushed when the driver gave it to me.',
      'The parcel arrived wet and torn open on one side.',
      'Somebody must have dropped the parcel, the carton has a big hole.',
      'The packaging was broken and the {p} fell out at my door.',
      'When the courier came, the carton was already ripped and bent.',
    ],
  },
  {
    category: 'payment',
    problem: 'the card was charged twice',
    stories: [
      'I see the same amount two times on my card statement.',
      'You took the money twice for one {p}.',
      'My bank shows two payments although I bought only one.',
      'The price was taken from my card two times on the same day.',
      'There is a double charge on my account at the bank.',
    ],
  },
  {
    category: 'payment',
    problem: 'the invoice is missing',
    stories: [
      'I never got a bill for it and my office needs one.',
      'There was no invoice in the box and none in my mail.',
      'Please send me the invoice, I need it for my taxes.',
      'I looked everywhere and cannot find the bill for the {p}.',
      'My accountant asks for the invoice, but you did not send any.',
    ],
  },
  {
    category: 'payment',
    problem: 'the discount was not applied',
    stories: [
      'My voucher was accepted, but I paid the full price.',
      'The ten percent from your newsletter is not on the bill.',
      'I typed in the coupon code and still had to pay everything.',
      'You promised a lower price for the {p}, and the bill shows the old one.',
      'The reduction from the summer sale is missing from what I paid.',
    ],
  },
  {
    category: 'return',
    problem: 'the refund has not come',
    stories: [
      'I sent it back three weeks ago and have not seen my money.',
      'You got the {p} back long ago, but nothing was paid back to me.',
      'The return was confirmed, yet the money is still not on my card.',
      'I am still waiting for my money after sending the {p} back.',
      'Your warehouse has had it for a month and I have no refund.',
    ],
  },
  {
    category: 'return',
    problem: 'a return label is needed',
    stories: [
      'I want to send it back, but there was no label in the box.',
      'How can I send the {p} back? I need a label to print.',
      'I do not like it and would like to send it back, please mail me a label.',
      'The link for the return label on your page shows nothing.',
      'Please give me a label so that I can take the {p} to the post office.',
    ],
  },
  {
    category: 'return',
    problem: 'the item does not fit',
    only: 'plain',
    stories: [
      'It is too big for me and I would like to swap it for a smaller one.',
      'The size is wrong, can I change it for the next one up?',
      'The {p} is much too small, I would like to exchange it.',
      'It does not fit in the place I have, so I want to trade it for another size.',
      'I took the wrong size and hope that I can swap it.',
    ],
  },
  {
    category: 'account',
    problem: 'the password does not work',
    stories: [
      'I cannot log in any more, the page always says wrong password.',
      'The link to set a new password never reaches me.',
      'I forgot my password and the reset does nothing.',
      'Every time I try to sign in, my password is refused.',
      'Your site does not accept my password, so I cannot see my order.',
    ],
  },
  {
    category: 'account',
    problem: 'the account should be closed',
    stories: [
      'I do not want to be a customer any more, please delete my profile.',
      'Please remove my account and all my data from your site.',
      'I would like to close my account after this purchase.',
      'Kindly erase my profile, I will not shop with you again.',
      'How do I cancel my membership and have my login deleted?',
    ],
  },
  {
    category: 'account',
    problem: 'the profile needs a new address',
    stories: [
      'I have moved and cannot change the address in my profile.',
      'My profile still shows the old street, please update it.',
      'We live in a new flat now, could you correct the address in my account?',
      'The page does not let me save my new address in the profile.',
      'Please put my new address into my account, the form gives an error.',
    ],
  },
  {
    category: 'repair',
    problem: 'the device does not turn on',
    only: 'electric',
    stories: [
      'It worked for two days and now it is completely dead.',
      'When I press the button, nothing happens at all.',
      'The {p} does not start, whatever I try.',
      'No light, no sound, the {p} simply will not switch on.',
      'I plugged it in and it stays dark.',
    ],
  },
  {
    category: 'repair',
    problem: 'a part is broken',
    stories: [
      'The handle snapped off on the first day.',
      'One of the parts is cracked and I cannot use the {p}.',
      'A small piece on the side has broken off.',
      'The lid of the {p} broke when I opened it.',
      'There is a crack along the bottom and it is getting longer.',
    ],
  },
  {
    category: 'repair',
    problem: 'the device makes a loud noise',
    only: 'electric',
    stories: [
      'It makes a terrible rattling sound as soon as it runs.',
      'The {p} hums so loudly that we cannot sleep.',
      'Since yesterday there is a strange squeaking from inside.',
      'It has become very noisy and shakes on the table.',
      'I hear a loud clicking whenever I use the {p}.',
    ],
  },
  {
    category: 'order',
    problem: 'the order should be cancelled',
    stories: [
      'I changed my mind and do not want it any more, please cancel it.',
      'Please stop the order before you ship it, I found one at home.',
      'I ordered by mistake and want to cancel.',
      'Can you cancel my purchase? I no longer need the {p}.',
      'Please do not send the {p}, I want to call the order off.',
    ],
  },
  {
    category: 'order',
    problem: 'the wrong item was sent',
    stories: [
      'I opened the box and found something completely different.',
      'You sent me another model than the one I chose.',
      'Instead of the {p} there was some other thing inside.',
      'The colour is not the one I ordered, I wanted a blue one.',
      'What I got is not what I bought, it belongs to somebody else.',
    ],
  },
  {
    category: 'order',
    problem: 'the quantity should be changed',
    stories: [
      'I would like to have two instead of one, if it is not too late.',
      'Can you add a second {p} to the same order?',
      'By mistake I ordered three, one is enough for me.',
      'Please change the number of pieces from two to four.',
      'I need one more of them, please put it into the same order.',
    ],
  },
];
