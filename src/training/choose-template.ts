import { Failure } from '../common/failure';
import { type ChatTemplate, createTemplate } from '../dataset/template';
import type { Tokenizer } from '../dataset/tokenizer';
import type { Settings } from './settings';
import type { BaseModel } from './weights/base-model';

/** The chat template that the setting `template` means for a model. Throws a `Failure` when the model has none of its own. */
export function chooseTemplate(
  base: Pick<BaseModel, 'path' | 'chatTemplate'>,
  choice: Settings['template'],
  tokenizer: Tokenizer,
): ChatTemplate {
  const { chatTemplate } = base;
  if (choice === 'model' && chatTemplate === undefined)
    throw new Failure(
      'no-chat-template',
      `${base.path} has no chat template of its own.`,
      'Set template to chatml or alpaca.',
      2,
    );
  const own = (choice === 'auto' || choice === 'model') && chatTemplate !== undefined;
  return createTemplate({
    source: own ? { jinja: chatTemplate } : choice === 'alpaca' ? 'alpaca' : 'chatml',
    bosToken: tokenizer.bos?.text,
    eosToken: tokenizer.eos?.text,
    specialTokens: tokenizer.specialTokens,
  });
}
