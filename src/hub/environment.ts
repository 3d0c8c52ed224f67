/** What the environment says about the hub, by the variables of Hugging Face's own tools. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Hub {
  /** `https://huggingface.co`, without a final slash. */
  readonly endpoint: string;
  /** Folder of the shared cache. */
  readonly cache: string;
  /** Nothing may be fetched. */
  readonly offline: boolean;
  /** Read when it is needed; sent to the endpoint's own host only, and never shown. */
  token(): string | undefined;
}

export function hubOf(environment: NodeJS.ProcessEnv = process.env): Hub {
  const home =
    environment['HF_HOME'] || join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'huggingface');
  return {
    endpoint: (environment['HF_ENDPOINT'] || 'https://huggingface.co').replace(/\/+$/, ''),
    cache: environment['HF_HUB_CACHE'] || environment['HUGGINGFACE_HUB_CACHE'] || join(home, 'hub'),
    offline: isTrue(environment['HF_HUB_OFFLINE']) || isTrue(environment['TRANSFORMERS_OFFLINE']),
    token: () => {
      const given = (environment['HF_TOKEN'] || environment['HUGGING_FACE_HUB_TOKEN'] || '').trim();
      if (given !== '') return given;
      if (isTrue(environment['HF_HUB_DISABLE_IMPLICIT_TOKEN'])) return undefined;
      return readToken(environment['HF_TOKEN_PATH'] || join(home, 'token'));
    },
  };
}

function readToken(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function isTrue(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? '');
}
