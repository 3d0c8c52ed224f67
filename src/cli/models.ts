/** `fine-tune models` */
import { fileSizeText } from '../common/file-size';
import { listCached, sizeOnDisk } from '../hub/cache';
import { hubOf } from '../hub/environment';
import { modelIdText } from '../hub/model-id';
import { modelSupport } from '../training/model-support';
import type { Command } from './command';
import { columnsText } from './format';

export const modelsCommand: Command = {
  name: 'models',
  usage: '[--json]',
  summary: 'Lists the models in the cache of Hugging Face, and which of them can be trained.',
  operands: { least: 0, most: 0 },
  flags: [{ name: 'json', help: 'Prints an array of JSON objects.' }],
  run: (input, terminal) => {
    const { cache } = hubOf();
    const models = listCached(cache).map((model) => ({
      model: modelIdText(model.id),
      commit: model.commit,
      path: model.path,
      bytes: sizeOnDisk(model),
      ...modelSupport(model.path),
    }));
    if (input.has('json')) terminal.out(JSON.stringify(models, undefined, 2));
    else if (models.length === 0) terminal.out(`No models in ${cache}. "fine-tune download org/name" fetches one.`);
    else {
      const rows = models.map((each) => [
        each.model,
        fileSizeText(each.bytes),
        'family' in each ? each.family : '-',
        'problem' in each ? each.problem : '',
      ]);
      terminal.out(columnsText([['model', 'size', 'family', ''], ...rows], [1]).join('\n'));
    }
    return Promise.resolve(0);
  },
};
