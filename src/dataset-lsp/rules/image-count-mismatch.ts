import { asRecord } from '../../dataset/shape';
import { mayHold } from '../text/written';
import type { ExampleContext } from './rule';
import { defineRule } from './rule';

type Raw = Readonly<Record<string, unknown>>;

/** What stands in a text for an entry of a list, and the part of a content that does the same. */
const KINDS = [
  { list: 'images', placeholder: '<image>', part: 'image', name: 'image' },
  { list: 'videos', placeholder: '<video>', part: 'video', name: 'video' },
  { list: 'audios', placeholder: '<audio>', part: 'audio', name: 'audio' },
] as const;
type Kind = (typeof KINDS)[number];

export const imageCountMismatch = defineRule({
  meta: {
    id: 'image-count-mismatch',
    title: 'Number of images does not fit the text',
    why: 'Trainers put the images in order into the places that the text names. With one too many or too few they stop, or show the model the wrong image.',
    whatToDo:
      'Write one "<image>", or one part of the type "image", for each entry of "images"; the same for videos and audios.',
    defaultSeverity: 'error',
    options: {},
    examples: {
      valid: [
        {
          text: '{"conversations": [{"from": "human", "value": "<image>What is on it?"}, {"from": "gpt", "value": "A green door."}], "images": ["door.png"]}\n',
        },
        {
          text: '{"messages": [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is on it?"}]}, {"role": "assistant", "content": "A green door."}], "images": ["door.png"]}\n',
        },
        {
          text: '{"messages": [{"role": "user", "content": "What does <image> mean in SVG?"}, {"role": "assistant", "content": "It shows a picture."}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"conversations": [{"from": "human", "value": "<image><image>What differs?"}, {"from": "gpt", "value": "The doors."}], "images": ["door.png"]}\n',
          lines: [1],
        },
        {
          text: '{"messages": [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is on it?"}]}, {"role": "assistant", "content": "A green door."}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example(context, report) {
      const { value, turns, source } = context;
      const inTurns = mayHold(source, '<') || turns.some(({ message }) => Array.isArray(message?.['content']));
      for (const kind of KINDS) {
        // Cheap, and true of nearly all records: nothing in them speaks of such things.
        if (value[kind.list] === undefined && value[kind.name] === undefined && !(inTurns && mentions(turns, kind)))
          continue;
        const given = listed(value, kind);
        const places = placesIn(context, kind);
        if (given === undefined ? places.parts === 0 : fits(context, given, places)) continue;
        const found = [
          ...(places.texts > 0 || places.parts === 0 ? [`${places.texts} "${kind.placeholder}"`] : []),
          ...(places.parts > 0
            ? [`${places.parts} ${places.parts === 1 ? 'part' : 'parts'} of the type "${kind.part}"`]
            : []),
        ].join(' and ');
        const list = given === undefined ? `no "${kind.list}"` : `${given} in "${kind.list}"`;
        report({
          pointer: given === undefined ? '' : `/${kind.list in value ? kind.list : kind.name}`,
          mark: given === undefined ? 'start' : 'key',
          message: `The text has places for ${found}, but the record has ${list}. Write one place for each ${kind.name}.`,
        });
      }
    },
  },
});

function mentions(turns: ExampleContext['turns'], { placeholder }: Kind): boolean {
  for (const { text, message } of turns)
    if (text.includes(placeholder) || Array.isArray(message?.['content'])) return true;
  return false;
}

interface Places {
  readonly texts: number;
  readonly parts: number;
}

function fits({ format }: ExampleContext, given: number, { texts, parts }: Places): boolean {
  if (texts + parts === given) return true;
  // TRL puts the images of a dialogue that names none before its first question.
  return texts + parts === 0 && format.id !== 'sharegpt' && format.id !== 'instruction';
}

/** Entries that the record lists; `undefined` where it has no list. */
function listed(record: Raw, { list, name }: Kind): number | undefined {
  const value = record[list];
  if (Array.isArray(value)) return value.length;
  const one = name === 'image' ? record['image'] : undefined;
  return one === undefined || one === null ? undefined : 1;
}

/** Placeholders, and parts that bring no image of their own. The rejected answer has the same prompt as the chosen one. */
function placesIn({ turns }: ExampleContext, { placeholder, part, name }: Kind): Places {
  let texts = 0;
  let parts = 0;
  for (const { text, message, side } of turns) {
    if (side === 'rejected') continue;
    for (let at = text.indexOf(placeholder); at >= 0; at = text.indexOf(placeholder, at + placeholder.length)) texts++;
    const content = message?.['content'];
    if (!Array.isArray(content)) continue;
    for (const item of content) {
      const own = asRecord(item);
      if (own?.['type'] === part && !['url', 'path', 'base64', name].some((key) => hasValue(own, key))) parts++;
    }
  }
  return { texts, parts };
}

function hasValue(part: Raw, key: string): boolean {
  return part[key] !== undefined && part[key] !== null;
}
