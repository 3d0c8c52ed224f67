import { areLikelyAlike, languageOf, shareLanguage } from '../text/language';
import { defineRule } from './rule';

const MINIMUM_LENGTH = 60;
const TAIL = 400;

/** Any of these in what was said before, and the other language may have been asked for. */
const ASKED =
  /translat|language|interpret|übersetz|sprache|tradu[cisz]|idioma|langue|lingua|língua|vertaal|taal|översätt|språk|tłumacz|język|çevir|terjemah|bahasa|traduce|limb[aă]|翻译|翻譯|译|语|語|번역|перев|язык|ترجم|אנגלית|english|german|french|spanish|italian|portuguese|dutch|swedish|polish|turkish|indonesian|romanian|russian|ukrainian|bulgarian|serbian|greek|arabic|persian|urdu|hebrew|hindi|marathi|thai|korean|japanese|chinese|mandarin|latin|deutsch|englisch|französisch|spanisch|anglais|allemand|espagnol|français|inglés|inglese|inglês|español|alemán|francés|italiano|engels|engelska|angielsk|ingilizce|inggris|engleză|英文|英語|日本|한국|영어|англ|немец|франц|испан|русск/i;

export const languageMismatch = defineRule({
  meta: {
    id: 'language-mismatch',
    title: 'Answer is in another language than the prompt',
    why: 'The model learns to change the language without being asked.',
    whatToDo:
      'Answer in the language of the prompt, or say in the prompt which language you want. Only long texts in plain languages are compared.',
    defaultSeverity: 'information',
    options: {},
    examples: {
      valid: [
        {
          text: '{"instruction": "Explain in German how the tides of the sea come about and what that has to do with the moon.", "output": "Die Gezeiten entstehen durch die Anziehung des Mondes, und sie sind nicht überall auf der Erde gleich stark."}\n',
        },
        {
          text: '{"instruction": "Wie entstehen die Gezeiten des Meeres, und was hat das mit dem Mond zu tun, der um die Erde kreist?", "output": "Die Gezeiten entstehen durch die Anziehung des Mondes, und sie sind nicht überall auf der Erde gleich stark."}\n',
        },
      ],
      invalid: [
        {
          text: '{"instruction": "Wie entstehen die Gezeiten des Meeres, und was hat das mit dem Mond zu tun, der um die Erde kreist?", "output": "The tides are caused by the gravity of the moon and the sun, and they are not equally strong in all parts of the world."}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ turns }, report) {
      for (let i = 1; i < turns.length; i++) {
        const answer = turns[i]!;
        const asked = turns[i - 1]!;
        if (answer.role !== 'assistant' || !answer.trained || asked.role !== 'user') continue;
        if (answer.text.length < MINIMUM_LENGTH || asked.text.length < MINIMUM_LENGTH) continue;
        if (areLikelyAlike(asked.text, answer.text)) continue;
        const given = languageOf(answer.text);
        const wanted = given && languageOf(asked.text);
        if (!wanted || wanted === given || answer.text.includes('```')) continue;
        if (shareLanguage(asked.text, answer.text)) continue;
        // A text to work on may be in another language than the request: both ends of the prompt must agree.
        if (asked.text.length > TAIL && languageOf(asked.text.slice(-TAIL)) !== wanted) continue;
        if (turns.some((turn, at) => at < i && ASKED.test(turn.text))) continue;
        report({
          pointer: answer.texts[0]?.pointer ?? answer.pointer,
          message: `The prompt is in ${nameOf(wanted)}, the answer in ${nameOf(given)}, and nothing asks for that. Answer in the language of the prompt, or say which one you want.`,
        });
      }
    },
  },
});

function nameOf(language: string): string {
  return language === 'Cyrillic' ? 'a language in Cyrillic letters' : language;
}
