/** The proxy that the environment names, and the way through it. */
import { type ClientRequest, type RequestOptions, request } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import { Failure } from '../common/failure';

/**
 * The proxy for a URL by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in small letters too, as curl and Python read them.
 * Loopback is reached directly.
 * @throws Failure `bad-proxy`
 */
export function proxyFor(url: URL, environment: NodeJS.ProcessEnv = process.env): URL | undefined {
  const read = (name: string): string => environment[name.toLowerCase()] || environment[name] || '';
  const named = url.protocol === 'https:' ? read('HTTPS_PROXY') : read('HTTP_PROXY');
  if (named === '' || LOOPBACK.test(url.hostname) || isExempt(url, read('NO_PROXY'))) return undefined;
  const proxy = named.includes('://') ? named : `http://${named}`;
  if (/^https?:/i.test(proxy) && URL.canParse(proxy)) return new URL(proxy);
  // Without its value, which may hold a password.
  throw new Failure(
    'bad-proxy',
    `${url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'} is not the address of an HTTP proxy.`,
    'Write it as http://HOST:PORT or http://NAME:PASSWORD@HOST:PORT; SOCKS is not supported.',
  );
}

/** Options of `request` that lead to `url`: through a tunnel for https, by asking the proxy for the whole URL otherwise. */
export async function throughProxy(url: URL, proxy: URL, signal: AbortSignal): Promise<RequestOptions> {
  const own = { hostname: bareHost(proxy), port: proxy.port || 80 };
  const credentials = `${decoded(proxy.username)}:${decoded(proxy.password)}`;
  const headers =
    credentials === ':' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
  if (url.protocol === 'http:') return { ...own, path: url.href, headers: { ...headers, host: url.host } };
  const authority = `${url.hostname}:${url.port || 443}`;
  const socket = await new Promise<Socket>((resolve, reject) => {
    const asked = request({
      ...own,
      method: 'CONNECT',
      path: authority,
      headers: { ...headers, host: authority },
      signal,
    });
    endSilence(asked, proxy.host)
      .once('connect', (response, tunnel) => {
        tunnel.setTimeout(0);
        if (response.statusCode === 200) resolve(tunnel);
        else reject(new ProxyRefusal(proxy.host, response.statusCode ?? 0));
      })
      .once('error', reject)
      .end();
  });
  return { createConnection: () => connect({ socket, servername: bareHost(url) }) };
}

/** A connection over which nothing comes for this long is given up. */
const SILENCE_MS = 30_000;

export function endSilence(asked: ClientRequest, host: string): ClientRequest {
  return asked.setTimeout(SILENCE_MS, () =>
    asked.destroy(Object.assign(new Error(`${host} is silent`), { code: 'ETIMEDOUT' })),
  );
}

export class ProxyRefusal extends Error {
  constructor(
    readonly host: string,
    readonly status: number,
  ) {
    super(`The proxy ${host} answered ${status}.`);
  }
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** A percent sign that a password has and nobody encoded stays one. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An address of version 6 stands in brackets in a URL and without them everywhere else. */
export function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function isExempt({ hostname, port }: URL, list: string): boolean {
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    const [, name = '', only] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    return name !== '' && (only ?? port) === port && (hostname === name || hostname.endsWith(`.${name}`));
  });
}
