/** What `fine-tune evaluate` does. It loads the engine, so it is imported only when it is asked for. */
import { type EvaluationTools, evaluate } from '../evaluation/evaluator';
import { openGenerator } from '../evaluation/generation/open-generator';
import { recordEvaluation } from '../evaluation/record-evaluation';
import { openSubjects } from '../evaluation/subject';
import { modelReference } from '../hub/model-id';
import { physicalCores } from '../training/cores';
import { createOnnxRuntimeEngine } from '../training/engines/onnxruntime';
import type { Arguments } from './command';
import type { EvaluateChoices } from './evaluate';
import { askBenchmark, benchmarkOf } from './evaluate-benchmark';
import { contextOf, evaluationPlan, filesOf, wholeFlag } from './evaluation-plan';
import { evaluationView } from './evaluation-view';
import { findSubject } from './find-subject';
import { ensureModel } from './get-model';
import { outputDir } from './setting-flags';
import { INTERRUPTED, type Terminal } from './terminal';

export async function runEvaluation(input: Arguments, choices: EvaluateChoices, terminal: Terminal): Promise<number> {
  const { cwd } = terminal;
  const given = await findSubject(input.operands[0]!, outputDir(input, cwd), cwd);
  if (!(await ensureModel(given, false, terminal))) return INTERRUPTED;
  const model = input.last('model');
  const subjects = openSubjects(given, {
    model: model === undefined ? undefined : modelReference(model, cwd),
    template: choices.template,
    checkpoint: input.has('checkpoint') ? wholeFlag(input, 'checkpoint', 0, 0) : undefined,
  });
  const { run } = subjects;
  const plan = evaluationPlan(input, choices, subjects, cwd);
  const benchmark = await benchmarkOf(input, cwd);
  const files = filesOf(input, plan, cwd);
  const view = evaluationView(terminal, input.has('json'));
  view.begin(plan, benchmark);
  const controller = new AbortController();
  const { signal } = controller;
  const stop = (): void => controller.abort();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    const { device } = choices;
    const contextLength = contextOf(input, plan);
    const tools: EvaluationTools = {
      files,
      engine: () =>
        createOnnxRuntimeEngine({
          device: device === 'auto' ? 'cpu' : device,
          threads: physicalCores(),
          prepack: false,
        }),
      memory: run?.file.settings?.['memory'] === 'low' ? 'low' : 'fast',
      openGenerator: (subject) => openGenerator(subject, { engine: choices.engine, device, contextLength, signal }),
      signal,
      onProgress: (progress) => view.show(progress),
    };
    const asked = benchmark && (await askBenchmark(benchmark, plan, tools, { engine: choices.engine, device }));
    const report = signal.aborted ? undefined : await evaluate(plan, tools, asked ? [asked] : []);
    if (!report) {
      view.stopped(files);
      return INTERRUPTED;
    }
    if (run) recordEvaluation(run.path, files, report);
    view.done(report, files);
    return 0;
  } catch (error) {
    view.end();
    // What is closed by a signal ends with errors of all kinds.
    if (!signal.aborted) throw error;
    view.stopped(files);
    return INTERRUPTED;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
