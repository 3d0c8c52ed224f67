/** What is told when llama.cpp, or the process it runs in, does not do its work. */
import { Failure } from '../../../common/failure';

interface What {
  /** GGUF file. */
  readonly model: string;
}

const OTHER_ENGINE = 'or use the engine onnxruntime, which is slower';

export function notStarted(nodePath: string, { message }: Error): Failure {
  return new Failure(
    'model-not-started',
    `The process for llama.cpp could not be started with ${nodePath}: ${message}.`,
    'Check the path of Node; "fine-tune doctor" shows what was found.',
    2,
  );
}

/** llama.cpp said no, and lives on. */
export function refused({ model }: What, loading: boolean, message: string): Failure {
  if (!loading)
    return new Failure('generation-failed', `llama.cpp could not go on: ${message}`, `Try again, ${OTHER_ENGINE}.`);
  if (/InsufficientMemory|not enough|too large/i.test(message))
    return new Failure(
      'model-out-of-memory',
      `${model} does not fit into the memory that is free: ${message}`,
      `Allow a shorter context or fewer answers at once, close other programs, ${OTHER_ENGINE}.`,
    );
  return new Failure(
    'model-not-loaded',
    `llama.cpp could not load ${model}: ${message}`,
    `The file may be cut off or of a kind that llama.cpp does not know. Make or download it again, ${OTHER_ENGINE}.`,
  );
}

/** The process ended by itself, or the system ended it. */
export function crashed({ model }: What, code: number | null, signal: string | null, lastWords: string): Failure {
  const how = signal ?? `code ${code ?? 'unknown'}`;
  const words = lastWords.trim().split('\n').slice(-3).join(' ').trim();
  const memory = signal === 'SIGKILL' || code === 137 ? ' Most likely the system ran out of memory.' : '';
  return new Failure(
    'model-crashed',
    `The process that runs ${model} in llama.cpp ended (${how}).${memory}${words === '' ? '' : ` Its last words: ${words}`}`,
    `Open the model again, with a shorter context or fewer answers at once; ${OTHER_ENGINE}.`,
  );
}

export function hanging({ model }: What, silenceMs: number): Failure {
  return new Failure(
    'model-hangs',
    `The process that runs ${model} in llama.cpp has said nothing for ${Math.round(silenceMs / 1000)} seconds and was ended.`,
    `Open the model again, with a shorter context; ${OTHER_ENGINE}.`,
  );
}
