/** `fine-tune download ID` */
import { Failure } from '../common/failure';
import { fileSizeText } from '../common/file-size';
import { hubOf } from '../hub/environment';
import { planDownload } from '../hub/fetch-model';
import { modelIdText, parseModelId } from '../hub/model-id';
import type { Command } from './command';
import { fetchPlanned, planText } from './get-model';
import { INTERRUPTED } from './terminal';

export const downloadCommand: Command = {
  name: 'download',
  usage: 'ID',
  summary: 'Fetches a base model from the Hugging Face hub into the cache that Python uses too.',
  operands: { least: 1, most: 1 },
  flags: [],
  notes: [
    'ID is org/name, org/name@revision, or for one GGUF file org/name:file.gguf or org/name:Q4_K_M. Only what training needs',
    'is fetched, never pickle files; every file is checked by its checksum. Ctrl-C keeps what has arrived, and the same',
    'command goes on there.',
    '',
    'HF_TOKEN, or the token of "hf auth login", opens gated and private models. HF_HOME or HF_HUB_CACHE moves the cache,',
    'HF_ENDPOINT names a mirror, HTTPS_PROXY a proxy.',
    'Exit codes: 0 it is there, 1 it failed, 2 there is no such model, 130 stopped.',
  ].join('\n'),
  run: async (input, terminal) => {
    const [text] = input.operands;
    const id = parseModelId(text!);
    if (!id)
      throw new Failure('usage', `"${text}" is no id of a model.`, 'Write org/name, such as Qwen/Qwen3-0.6B.', 2);
    const hub = hubOf();
    const plan = await planDownload(id, { hub });
    if (plan.missingBytes > 0) terminal.err(`${planText(plan)}, from ${new URL(hub.endpoint).host}\n`);
    const model = await fetchPlanned(plan, hub, terminal);
    if (!model) return INTERRUPTED;
    terminal.out(
      `${modelIdText(id)} is in the cache: ${fileSizeText(plan.totalBytes)}, commit ${plan.commit.slice(0, 12)}.\n${model.path}`,
    );
    return 0;
  },
};
