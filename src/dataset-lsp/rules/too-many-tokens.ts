import { countText } from '../../common/count-text';
import { removeRecord } from '../fixes';
import { defineRule } from './rule';

export const tooManyTokens = defineRule({
  meta: {
    id: 'too-many-tokens',
    title: 'Record is longer than the maximum length',
    why: 'What lies beyond the maximum length is cut off. When the end of the answer is lost with its end-of-turn token, the model does not learn where to stop.',
    whatToDo: 'Raise the maximum length, shorten the record, or split it.',
    defaultSeverity: 'warning',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [{ text: '{"text": "A short text."}\n', maxLength: 100 }],
      invalid: [
        {
          text: '{"text": "This text has a few words more than the small maximum length of the example allows."}\n{"text": "Short."}\n',
          lines: [1],
          maxLength: 12,
        },
      ],
    },
  },
  check: {
    example({ encoded, line }, report) {
      if (typeof encoded !== 'object' || encoded.lostTokens === 0) return;
      let kept = 0;
      for (const one of encoded.trained) kept += one;
      // Where nothing is left to train, another rule says so as an error.
      if (kept === 0) return;
      const all = encoded.tokens.length + encoded.lostTokens;
      const lost = encoded.lostTrainedTokens;
      const trained =
        lost === 0
          ? 'None of them is trained.'
          : `${countText(lost)} of its ${countText(kept + lost)} trained tokens are lost, among them the end-of-turn token, so the model does not learn to stop here.`;
      report({
        pointer: '',
        mark: 'start',
        message: `The record has ${countText(all)} tokens, and ${countText(encoded.lostTokens)} of them are cut off at the maximum length of ${countText(encoded.tokens.length)}. ${trained} Raise the maximum length, or shorten the record.`,
        fixes: () => [removeRecord(line)],
      });
    },
  },
});
