import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Failure } from '../../src/common/failure';
import { type Subjects, openSubjects } from '../../src/evaluation/subject';
import { checkTexts } from '../../src/export/check-texts';
import { type ExportRequest, exportModel } from '../../src/export/export';
import { trainedTemplateText } from '../../src/export/template-text';
import { scoreTexts, verifyBySession } from '../../src/export/verify';
import { openBaseModel } from '../../src/training/weights/base-model';
import { withAdapter } from './models';

const SAMPLE = join(__dirname, '..', '..', 'media', 'sample', 'base');
const root = mkdtempSync(join(tmpdir(), 'exports-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const tuned = withAdapter(SAMPLE);
const subjects: Subjects = {
  name: 'tickets',
  base: { ...tuned, adapter: undefined },
  tuned: { ...tuned, adapter: { ...tuned.adapter!, folder: join(root, 'adapter') } },
  run: undefined,
};
const { signal } = new AbortController();
const request = (to: ExportRequest['to'], name: string, more: Partial<ExportRequest> = {}): ExportRequest => ({
  to,
  folder: join(root, name),
  force: false,
  maxShardBytes: Infinity,
  check: true,
  adapterApart: false,
  ...more,
});
const run = (wanted: ExportRequest, stop = signal, of = subjects) =>
  exportModel(of, wanted, { onProgress: () => undefined, signal: stop });
const refusal = async (work: () => Promise<unknown>): Promise<Failure> => {
  const error: unknown = await work().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  return error as Failure;
};

describe('an export', () => {
  it('as PEFT adapter is the very adapter, and is checked', async () => {
    const { verification, files } = await run(request('peft', 'peft'));
    expect(verification).toMatchObject({
      by: 'onnxruntime',
      passed: true,
      maxDifference: 0,
      texts: 10,
      sameLikeliest: 1,
    });
    expect(files.map(({ name }) => name)).toEqual(readdirSync(join(root, 'peft')));
    const again = openSubjects(join(root, 'peft')).tuned!;
    expect(again.adapter!.parameters).toEqual(tuned.adapter!.parameters);
    expect(again.model.path).toBe(SAMPLE);
  });

  it.each([
    ['float32', 1e-4],
    ['bfloat16', 0.3],
  ])('as merged model in %s differs by its rounding', async (type, most) => {
    const { verification, weights } = await run(request('merged', `merged-${type}`, { type }));
    expect(weights).toBe(type);
    expect(verification!.passed).toBe(true);
    expect(verification!.maxDifference).toBeLessThan(most);
    const { base } = openSubjects(join(root, `merged-${type}`));
    expect(base.model.chatTemplate).toBe(trainedTemplateText(tuned));
    expect(base.model.config['torch_dtype']).toBe(type);
  });

  it('as GGUF and for Ollama is checked in llama.cpp', async () => {
    const { verification, checkNote } = await run(request('ollama', 'ollama', { type: 'f32', adapterApart: true }));
    // Where the library for this machine is missing, an adapter in GGUF cannot be checked, and the note says so.
    if (checkNote !== null) expect(checkNote).toContain('llama.cpp');
    else expect(verification).toMatchObject({ by: 'llama.cpp', passed: true });
    expect(readdirSync(join(root, 'ollama')).sort()).toEqual(['Modelfile', 'README.md', 'adapter.gguf', 'model.gguf']);
    const text = readFileSync(join(root, 'ollama', 'Modelfile'), 'utf8');
    expect(text).toMatch(/^FROM \.\/model\.gguf\nADAPTER \.\/adapter\.gguf\nTEMPLATE """/);
    expect(text).toContain('PARAMETER stop "<|im_end|>"\nPARAMETER num_ctx 512\nPARAMETER temperature 0\n');
  });

  it('that computes something else fails its check', async () => {
    const texts = checkTexts(tuned, undefined);
    mkdirSync(join(root, 'scratch'));
    const trained = await scoreTexts(tuned, texts.texts, join(root, 'scratch'), signal);
    const check = (other: typeof tuned) =>
      verifyBySession(trained, other, '4 bits', texts, join(root, 'scratch'), signal);
    // Without the adapter, or with another one, even four bits would not explain it.
    expect((await check(subjects.base)).passed).toBe(false);
    expect((await check(withAdapter(SAMPLE, {}, 8))).passed).toBe(false);
    expect((await check(tuned)).passed).toBe(true);
    const [first, ...rest] = tuned.adapter!.parameters;
    const broken = { ...first!, data: first!.data.map(() => NaN) };
    const none = await check({ ...tuned, adapter: { ...tuned.adapter!, parameters: [broken, ...rest] } });
    expect(none).toMatchObject({ passed: false, maxDifference: null });
  });

  it('replaces an earlier one only when told so, and leaves no weights of it behind', async () => {
    const wanted = request('merged', 'twice', { check: false, maxShardBytes: 500_000 });
    await run(wanted);
    writeFileSync(join(root, 'twice', 'notes.txt'), 'mine');
    expect(readdirSync(join(root, 'twice'))).toContain('model.safetensors.index.json');
    expect((await refusal(() => run(wanted))).code).toBe('target-not-empty');
    await run({ ...wanted, force: true, maxShardBytes: Infinity });
    const names = readdirSync(join(root, 'twice'));
    expect(names.filter((name) => name.includes('safetensors'))).toEqual(['model.safetensors']);
    expect(names).toContain('notes.txt');
    expect(openBaseModel(join(root, 'twice')).tensors.size).toBe(subjects.base.model.tensors.size);
  });

  it('that is cancelled, fails, or is refused leaves nothing', async () => {
    const controller = new AbortController();
    const stopped = exportModel(subjects, request('merged', 'stopped'), {
      onProgress: () => controller.abort(),
      signal: controller.signal,
    });
    await expect(stopped).rejects.toThrow(/abort/i);
    const { model } = subjects.base;
    const huge = (name: string): Float32Array => model.readTensor(name).fill(1e6);
    const large: Subjects = { ...subjects, tuned: { ...subjects.base, model: { ...model, readTensor: huge } } };
    const overflow = await refusal(() => run(request('merged', 'overflow', { type: 'float16' }), signal, large));
    expect(overflow).toMatchObject({ code: 'float16-overflow', exitCode: 2 });
    expect(overflow.message).toContain('model.embed_tokens.weight');
    for (const name of readdirSync(root)) expect(name).not.toMatch(/stopped|overflow|partial/);
  });

  it('never goes into the folder of the base, or of the adapter', async () => {
    for (const folder of [SAMPLE, join(SAMPLE, 'merged'), join(root, 'adapter')])
      expect((await refusal(() => run(request('merged', '', { folder, force: true })))).code).toBe('target-is-source');
    expect(existsSync(join(SAMPLE, 'merged'))).toBe(false);
    const file = join(root, 'file');
    writeFileSync(file, '');
    expect((await refusal(() => run(request('merged', 'file')))).code).toBe('target-is-file');
  });

  it('has the types of its form, and an adapter where it is one', async () => {
    const wrong = await refusal(() => run(request('merged', 'wrong', { type: 'q8_0' })));
    expect(wrong.hint).toBe('Choose float32, float16, bfloat16.');
    const whole: Subjects = { ...subjects, tuned: undefined };
    expect((await refusal(() => run(request('peft', 'none'), signal, whole))).code).toBe('no-adapter');
  });
});
