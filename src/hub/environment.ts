/** What the environment says about the hub, by the variables of Hugging Face's own tools. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../common/failure';

export interface Hub {
  /** `https://huggingface.co`, without a final slash. */
  readonly endpoint: string;
  /** Folder of the shared cache. */
  readonly cache: string;
  /** Nothing may be fetched. */
  readonly offline: boolean;
  /**
   * Read when it is needed; sent to the endpoint's own host only, and never shown.
   * @throws Failure `bad-token`
   */
  token(): string | undefined;
}

/** @throws Failure `bad-endpoint` (exit code 2) */
export function hubOf(environment: NodeJS.ProcessEnv = process.env): Hub {
  const home =
    environment['HF_HOME'] || join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'huggingface');
  return {
    endpoint: endpointOf(environment['HF_ENDPOINT'] || 'https://huggingface.co'),
    cache: environment['HF_HUB_CACHE'] || environment['HUGGINGFACE_HUB_CACHE'] || join(home, 'hub'),
    offline: isTrue(environment['HF_HUB_OFFLINE']) || isTrue(environment['TRANSFORMERS_OFFLINE']),
    token: () => {
      const given = (environment['HF_TOKEN'] || environment['HUGGING_FACE_HUB_TOKEN'] || '').trim();
      if (given !== '') return checkedToken(given, 'HF_TOKEN');
      if (isTrue(environment['HF_HUB_DISABLE_IMPLICIT_TOKEN'])) return undefined;
      const file = environment['HF_TOKEN_PATH'] || join(home, 'token');
      const kept = readToken(file);
      return kept === undefined ? undefined : checkedToken(kept, file);
    },
  };
}

function endpointOf(address: string): string {
  if (/^https?:/i.test(address) && URL.canParse(address)) return address.replace(/\/+$/, '');
  throw new Failure(
    'bad-endpoint',
    `HF_ENDPOINT is "${address}", which is no address.`,
    'Write it as https://HOST, or unset it.',
    2,
  );
}

/** What a header cannot hold comes from a bad copy. */
function checkedToken(token: string, place: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new Failure('bad-token', `The token in ${place} has characters that no token has.`, 'Copy it again.');
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
