import { describe, expect, it } from 'vitest';
import { isRefusal } from '../../src/dataset-lsp/refusal';

describe('isRefusal', () => {
  it.each([
    "I'm sorry, but I can't help with that.",
    'I’m sorry, but I cannot assist with that request.',
    'I am sorry, but as an AI I am unable to provide medical advice.',
    "Sorry, I can't do that.",
    'I apologize, but I cannot fulfill this request.',
    'My apologies, but I am not able to access the internet.',
    "Unfortunately, I'm not able to browse websites, so I can't answer this.".replace(
      "I'm not able to browse",
      'I cannot browse',
    ),
    'I cannot provide instructions for illegal activities.',
    "I can't help you with that.",
    'As an AI language model, I do not have personal opinions.',
    "As a large language model, I don't have feelings.",
    "I'm sorry, I'm an AI language model and do not have access to prices.",
    "I'm sorry, but I'm currently unable to assist with booking flights.",
    'Unfortunately, I am an AI language model, and I do not have the capability to edit images.',
    "I'm just an AI, I can't feel pain.",
    'I must decline to answer this.',
    'It is not appropriate to make jokes about this.',
    'Es tut mir leid, aber ich kann dir dabei nicht helfen.',
    'Tut mir leid, ich kann diese Anfrage nicht beantworten.',
    'Leider kann ich Ihnen dabei nicht helfen.',
    'Als KI-Sprachmodell habe ich keine Meinung.',
    'Je suis désolé, mais je ne peux pas vous aider.',
    'Désolée, je ne peux pas répondre à cette question.',
    "En tant qu'intelligence artificielle, je n'ai pas d'opinion.",
    'Lo siento, pero no puedo ayudarte con eso.',
    'Como modelo de lenguaje, no tengo opiniones.',
  ])('%s', (text) => {
    expect(isRefusal(text)).toBe(true);
    expect(isRefusal(`\n "${text}" ${'More words. '.repeat(50)}`)).toBe(true);
  });
  it.each([
    '',
    'Yes.',
    "I'm sorry to hear that. Here is what you can do.",
    "I'm sorry to hear that you can't sleep. Try this.",
    'Sorry for the confusion! The answer is 5.',
    'I can help with that.',
    "I can't help but admire the view.",
    'I am an engineer who cannot swim.',
    'As an AI assistant, I would be happy to help you plan your trip!',
    'As an AI language model, I will now translate the text. It does not rhyme.',
    'Als KI-Assistent helfe ich dir gern.',
    'As an example, take the number 5.',
    'As an artist, I do not follow rules.',
    'Unfortunately, the shop is closed.',
    'Sorry is a word that begins with S.',
    'The model says: I am sorry, but I cannot help.',
    'Leider regnet es heute.',
    'Als Kind konnte ich nicht schwimmen.',
    'Je ne peux pas vivre sans musique.',
    'Lo siento mucho por tu pérdida.',
    'Como siempre, no puedo quejarme.',
    "I don't have any apples.",
    'It is not raining.',
    'It is appropriate to tip.',
    'I will not eat green eggs and ham.',
  ])('not %j', (text) => expect(isRefusal(text)).toBe(false));
});
