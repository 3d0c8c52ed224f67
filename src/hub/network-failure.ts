/** Errors of the network and refusals of servers in words for the user. */
import type { IncomingHttpHeaders } from 'node:http';
import { Failure } from '../common/failure';
import { type HttpResponse, readText } from './http';
import { ProxyRefusal } from './proxy';

export interface Refusal {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** The words of `own` first, then those of the status. @returns Failure `access-denied`, `not-found` or `server-error` */
export async function refusalFailure(
  response: HttpResponse,
  own?: (refusal: Refusal) => Failure | undefined,
): Promise<Failure> {
  const { url, status } = response;
  const known = own?.(response);
  if (known) return known;
  const place = `${url.host}${url.pathname}`;
  if (status === 401 || status === 403)
    return new Failure('access-denied', `${place} may not be read (${status}).`, 'Check your access rights there.');
  if (status === 404 || status === 410)
    return new Failure('not-found', `There is no ${place} (${status}).`, 'Check its name.', 2);
  const words = (await readText(response).catch(() => '')).trim().slice(0, 200);
  return new Failure(
    'server-error',
    `${place} answered ${status}${words === '' || words.startsWith('<') ? '' : `: ${words}`}.`,
    'Try again later.',
  );
}

/** Whether another attempt may help: the connection broke, or there was none. */
export function isPassing(error: unknown): boolean {
  return PASSING.has(codeOf(error));
}

/** `offline` with what is wrong by the system's code, `certificate` for TLS; other errors as they are. */
export function networkFailure(error: unknown, address: string): unknown {
  const { host } = new URL(address);
  const code = codeOf(error);
  if (error instanceof ProxyRefusal)
    return new Failure(
      'proxy-refused',
      `The proxy ${error.host} does not let through to ${host} (${error.status}).`,
      error.status === 407
        ? 'Put name and password into the address: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT.'
        : 'Check HTTPS_PROXY and NO_PROXY.',
    );
  if (/CERT|SIGNATURE|SELF_SIGNED/.test(code))
    return new Failure(
      'certificate',
      `The certificate of ${host} cannot be trusted (${code}).`,
      'Behind a proxy that reads along, name its certificate: NODE_EXTRA_CA_CERTS=FILE.pem.',
    );
  if (!PASSING.has(code)) return error;
  return new Failure(
    'offline',
    `${host} cannot be reached (${code}).`,
    'Check the connection; behind a proxy set HTTPS_PROXY. What has arrived is kept.',
  );
}

const PASSING = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'EPROTO',
  'ETIMEDOUT',
]);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
