/** A server of files over HTTP as a CDN is one: ranges, validators, and on demand everything that goes wrong. */
import { createHash } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export interface FileServer {
  readonly origin: string;
  readonly seen: SeenRequest[];
  /** Answers one request instead of the server, in order; `false` leaves it to the server. */
  readonly interruptions: ((request: IncomingMessage, response: ServerResponse) => boolean)[];
  close(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Listens on a free port of loopback. */
export async function serve(handler: Handler): Promise<FileServer> {
  const seen: SeenRequest[] = [];
  const interruptions: FileServer['interruptions'] = [];
  const server: Server = createServer((request, response) => {
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    if (interruptions.shift()?.(request, response)) return;
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    seen,
    interruptions,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Sends content with its ETag, whole or from where `range` says, as RFC 9110 wants it. */
export function sendFile(request: IncomingMessage, response: ServerResponse, content: Buffer): void {
  const etag = `"${createHash('md5').update(content).digest('hex')}"`;
  const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const condition = request.headers['if-range'];
  const from = start === undefined || (condition !== undefined && condition !== etag) ? undefined : Number(start);
  if (from !== undefined && from >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    return;
  }
  const part = content.subarray(from ?? 0);
  response.writeHead(from === undefined ? 200 : 206, {
    etag,
    'accept-ranges': 'bytes',
    'content-length': part.length,
    ...(from !== undefined && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
  });
  response.end(request.method === 'HEAD' ? undefined : part);
}

/** Sends the headers of the whole and then only the first bytes, and cuts the connection. */
export function cutAfter(content: Buffer, bytes: number): FileServer['interruptions'][number] {
  return (request, response) => {
    const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const from = Number(start ?? 0);
    response.writeHead(start === undefined ? 200 : 206, {
      etag: `"${createHash('md5').update(content).digest('hex')}"`,
      'content-length': content.length - from,
      ...(start !== undefined && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
    });
    // A client throws away what it has not read when the connection breaks, so it is given the time to read.
    response.write(content.subarray(from, from + bytes), () => setTimeout(() => response.destroy(), 100));
    return true;
  };
}

export function answerWith(
  status: number,
  headers: Readonly<Record<string, string>> = {},
): FileServer['interruptions'][number] {
  return (_request, response) => {
    response.writeHead(status, headers).end();
    return true;
  };
}
