import { removeRecord, type Fix } from '../fixes';
import { defineRule } from './rule';

export const nothingToTrain = defineRule({
  meta: {
    id: 'nothing-to-train',
    title: 'No token of the record would be trained',
    why: 'The record costs time and teaches nothing: all its answers are switched off, lie beyond the maximum length, or the chat template refuses it.',
    whatToDo: 'Raise the maximum length, shorten the prompt, give an answer the weight 1, or remove the record.',
    defaultSeverity: 'error',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!", "weight": 1}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!", "weight": 0}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example(record, report) {
      const { answers, encoded, hasError, line } = record;
      if (hasError) return;
      const isRead = answers.length > 0 && answers.every((answer) => !answer.trained);
      const isTrained = encoded === undefined || (typeof encoded === 'object' && encoded.trained.includes(1));
      if (isTrained && !isRead) return;
      const { example } = record;
      if (!example) return;
      const fixes = (): readonly Fix[] => [removeRecord(line)];
      if (isRead) {
        report({
          pointer: '',
          mark: 'start',
          fixes,
          message:
            'Every assistant message has the weight 0, so nothing would be trained. Give one the weight 1, or remove the record.',
        });
        return;
      }
      if (typeof encoded === 'string') {
        report({ pointer: '', mark: 'start', message: encoded, fixes });
        return;
      }
      if (isTrained) return;
      const all = encoded.tokens.length + encoded.lostTokens;
      report({
        pointer: '',
        mark: 'start',
        fixes,
        message:
          encoded.lostTrainedTokens > 0
            ? `Nothing would be trained: the ${example.kind === 'plain' ? 'completion' : 'answer'} lies beyond the maximum length of ${encoded.tokens.length} tokens (the record has ${all}). Raise the maximum length or shorten the prompt.`
            : 'The chat template writes none of the answers, so nothing would be trained. Choose another template.',
      });
    },
  },
});
