/** One request over HTTP, by Node's own client: redirects, proxies, and an end to silence. */
import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { bareHost, endSilence, proxyFor, throughProxy } from './proxy';

export interface HttpOptions {
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  /** For the host of the URL alone: it does not follow a redirect to another one. */
  readonly authorization?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The answer that redirects to another host is the one that is wanted. */
  readonly stayOnHost?: boolean;
}

export interface HttpResponse {
  /** After redirects. */
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** To be read to its end, or destroyed. */
  readonly body: IncomingMessage;
}

const MOST_REDIRECTS = 10;

/** Rejects with the system's error where there is no connection. Statuses of refusal are answers like others. */
export async function openUrl(address: string, options: HttpOptions = {}): Promise<HttpResponse> {
  const first = new URL(address);
  let url = first;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const response = await send(url, url.origin === first.origin ? options : { ...options, authorization: undefined });
    const target = response.headers.location;
    if (target === undefined || response.status < 300 || response.status > 399) return response;
    const next = new URL(target, url);
    if (options.stayOnHost && next.origin !== url.origin) return response;
    response.body.destroy();
    if (next.protocol !== 'https:' && next.protocol !== url.protocol)
      throw new Error(`${url.host} redirects to ${next.protocol}//${next.host}, which is not safe`);
    url = next;
  }
  throw new Error(`${first.host} redirects in a circle`);
}

/** The whole body as text; the silence of a server ends it with an error. */
export async function readText({ body }: HttpResponse): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function send(url: URL, options: HttpOptions): Promise<HttpResponse> {
  const { method = 'GET', authorization, signal = new AbortController().signal } = options;
  const proxy = proxyFor(url);
  const way = proxy && (await throughProxy(url, proxy, signal));
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  return await new Promise((resolve, reject) => {
    const request = open({
      hostname: bareHost(url),
      port: url.port,
      path: `${url.pathname}${url.search}`,
      ...way,
      method,
      signal,
      headers: {
        'user-agent': 'fine-tune',
        'accept-encoding': 'identity',
        ...options.headers,
        ...(authorization !== undefined && { authorization }),
        ...way?.headers,
      },
    });
    endSilence(request, url.host);
    request.once('error', reject);
    request.once('response', (body) => resolve({ url, status: body.statusCode ?? 0, headers: body.headers, body }));
    request.end();
  });
}
