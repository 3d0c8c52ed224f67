/** The chat template that a model was trained with, as Jinja: what every exported form of it carries. */
import { ALPACA } from '../dataset/templates/alpaca';
import { CHATML } from '../dataset/templates/chatml';
import type { Subject } from '../evaluation/subject';

export function trainedTemplateText({
  model,
  checked: { template, tokenizer },
}: {
  readonly model: Pick<Subject['model'], 'chatTemplate'>;
  readonly checked: {
    readonly template: Pick<Subject['checked']['template'], 'source'>;
    readonly tokenizer: Pick<Subject['checked']['tokenizer'], 'prefix' | 'tokenText'>;
  };
}): string {
  // Where the template is the model's own, the model has one.
  if (template.source === 'model') return model.chatTemplate!;
  const text = template.source === 'alpaca' ? ALPACA : CHATML;
  // A template has to write what the tokenizer put in front in training: readers of templates add nothing.
  const prefix = tokenizer.prefix.map((id) => tokenizer.tokenText(id)).join('');
  return prefix === '' ? text : `{{- ${JSON.stringify(prefix)} -}}\n${text}`;
}
