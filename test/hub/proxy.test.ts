import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openUrl, readText } from '../../src/hub/http';
import { networkFailure } from '../../src/hub/network-failure';
import { proxyFor } from '../../src/hub/proxy';

describe('proxyFor', () => {
  const hub = new URL('https://huggingface.co/x');
  it('takes the proxy of the protocol', () => {
    expect(proxyFor(hub, {})).toBeUndefined();
    expect(proxyFor(hub, { HTTPS_PROXY: 'http://proxy:3128' })?.href).toBe('http://proxy:3128/');
    expect(proxyFor(hub, { https_proxy: 'proxy:3128' })?.host).toBe('proxy:3128');
    expect(proxyFor(hub, { HTTP_PROXY: 'http://proxy' })).toBeUndefined();
    expect(proxyFor(new URL('http://mirror/'), { HTTP_PROXY: 'http://proxy' })?.host).toBe('proxy');
  });
  it('leaves out what NO_PROXY names, and loopback', () => {
    const environment = (list: string): NodeJS.ProcessEnv => ({ HTTPS_PROXY: 'http://proxy', NO_PROXY: list });
    for (const list of ['*', 'huggingface.co', '.co', 'a.b, huggingface.co', '*.huggingface.co'])
      expect(proxyFor(hub, environment(list)), list).toBeUndefined();
    for (const list of ['', 'face.co', 'hf.co', 'huggingface.co:8443'])
      expect(proxyFor(hub, environment(list))?.host, list).toBe('proxy');
    expect(proxyFor(new URL('https://127.0.0.1/'), environment(''))).toBeUndefined();
  });
});

describe('an address that is none', () => {
  it('is refused without showing what may be a password', () => {
    for (const address of ['http://me:secret@a b', 'socks5://me:secret@proxy:1080', 'http://me:secret@proxy:port']) {
      const ask = (): unknown => proxyFor(new URL('https://huggingface.co/'), { HTTPS_PROXY: address });
      expect(ask, address).toThrow(expect.objectContaining({ code: 'bad-proxy' }));
      expect(ask).not.toThrow(/secret/);
    }
  });
});

describe('through a proxy', () => {
  const seen: string[] = [];
  let answer = '200 Connection established';
  let hello: (bytes: Buffer) => void = () => undefined;
  const proxy = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.host} ${request.headers['proxy-authorization']}`);
    response.end('through the proxy');
  });
  proxy.on('connect', (request, socket: Socket) => {
    seen.push(`CONNECT ${request.url} ${request.headers['proxy-authorization']}`);
    socket
      .on('error', () => undefined)
      .once('data', (bytes) => {
        hello(bytes);
        socket.destroy();
      });
    socket.write(`HTTP/1.1 ${answer}\r\n\r\n`);
  });
  const before = { ...process.env };

  beforeEach(async () => {
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    process.env['HTTPS_PROXY'] = `http://me:p%40ss@127.0.0.1:${port}`;
    process.env['HTTP_PROXY'] = `http://127.0.0.1:${port}`;
    process.env['NO_PROXY'] = '';
    seen.length = 0;
  });
  afterEach(() => {
    proxy.close();
    process.env = { ...before };
  });

  it('asks for a tunnel with name and password, and speaks TLS with the host in it', async () => {
    const bytes = new Promise<Buffer>((resolve) => (hello = resolve));
    await expect(openUrl('https://hub.example/model')).rejects.toThrow();
    expect(seen).toEqual([`CONNECT hub.example:443 Basic ${Buffer.from('me:p@ss').toString('base64')}`]);
    const first = await bytes;
    // A TLS handshake record, and the name of the server in it.
    expect(first[0]).toBe(0x16);
    expect(first.includes('hub.example')).toBe(true);
  });

  it('sends a password with a percent sign that nobody encoded', async () => {
    process.env['HTTPS_PROXY'] = process.env['HTTPS_PROXY']!.replace('p%40ss', '50%');
    await expect(openUrl('https://hub.example/model')).rejects.toThrow();
    expect(seen).toEqual([`CONNECT hub.example:443 Basic ${Buffer.from('me:50%').toString('base64')}`]);
  });

  it('says what to do when the proxy refuses', async () => {
    answer = '407 Proxy Authentication Required';
    const refusal: unknown = await openUrl('https://hub.example/').catch((error: unknown) => error);
    expect(networkFailure(refusal, 'https://hub.example/')).toMatchObject({
      code: 'proxy-refused',
      hint: expect.stringContaining('HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT') as string,
    });
  });

  it('asks for the whole address without TLS', async () => {
    expect(await readText(await openUrl('http://mirror.example/x?y'))).toBe('through the proxy');
    expect(seen).toEqual(['GET http://mirror.example/x?y mirror.example undefined']);
  });
});
