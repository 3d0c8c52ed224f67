/**
 * A hub as Hugging Face's is over the wire: the list of files with sizes and checksums, files of LFS on another host, and
 * refusals with their codes. https://huggingface.co/docs/hub/api
 */
import { createHash } from 'node:crypto';
import { type FileServer, sendFile, serve } from './file-server';

export interface Repository {
  readonly commit: string;
  readonly files: Readonly<Record<string, Buffer | string>>;
  readonly branches?: Readonly<Record<string, string>>;
  readonly licence?: string;
  /** Who may read; everybody where it is not given. */
  readonly gatedFor?: string;
}

export interface HubServer {
  readonly hub: FileServer;
  readonly cdn: FileServer;
  /** The list names neither sizes nor checksums, as that of some mirrors. */
  plainList: boolean;
  close(): Promise<void>;
}

export async function serveHub(repositories: Readonly<Record<string, Repository>>): Promise<HubServer> {
  const cdn = await serve((request, response) => {
    const content = contents.get(new URL(request.url ?? '', 'http://cdn').pathname.slice(1));
    if (content) sendFile(request, response, content);
    else response.writeHead(403).end();
  });
  const contents = new Map<string, Buffer>();
  for (const { files } of Object.values(repositories))
    for (const content of Object.values(files)) contents.set(sha256(bytes(content)), bytes(content));

  const hub = await serve((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://hub');
    const refuse = (status: number, code: string): void => {
      response.writeHead(status, { 'x-error-code': code, 'x-error-message': `${code}.` }).end(`{"error":"${code}"}`);
    };
    const [, api, id = '', action, revision = '', path = ''] =
      /^(\/api\/models)?\/([^/]+\/[^/]+)\/(revision|resolve)\/([^/]+)(?:\/(.*))?$/.exec(pathname) ?? [];
    const repository = repositories[id];
    if (!repository || action === undefined) return refuse(401, 'RepoNotFound');
    const { commit, files, branches = { main: commit }, licence, gatedFor } = repository;
    const name = decodeURIComponent(revision);
    if ((branches[name] ?? name) !== commit) return refuse(404, 'RevisionNotFound');
    if (api !== undefined) {
      const siblings = Object.entries(files).map(([rfilename, content]) =>
        server.plainList ? { rfilename } : { rfilename, ...facts(rfilename, bytes(content)) },
      );
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ id, sha: commit, siblings, cardData: { license: licence } }));
      return;
    }
    if (gatedFor !== undefined && request.headers.authorization !== `Bearer ${gatedFor}`)
      return refuse(request.headers.authorization === undefined ? 401 : 403, 'GatedRepo');
    const content = files[decodeURIComponent(path)];
    if (content === undefined) return refuse(404, 'EntryNotFound');
    const body = bytes(content);
    if (!isLarge(path)) {
      response.setHeader('x-repo-commit', commit);
      response.setHeader('etag', `"${gitName(body)}"`);
      response.writeHead(200, { 'content-length': body.length });
      response.end(request.method === 'HEAD' ? undefined : body);
      return;
    }
    response.writeHead(302, {
      location: `${cdn.origin}/${sha256(body)}?signature=x`,
      'x-repo-commit': commit,
      'x-linked-etag': `"${sha256(body)}"`,
      'x-linked-size': body.length,
    });
    response.end();
  });
  const server: HubServer = {
    hub,
    cdn,
    plainList: false,
    close: async () => {
      await hub.close();
      await cdn.close();
    },
  };
  return server;
}

export function gitName(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function facts(path: string, content: Buffer): Record<string, unknown> {
  const lfs = { sha256: sha256(content), size: content.length, pointerSize: 134 };
  // The blob of a file of LFS is its pointer.
  const blobId = isLarge(path) ? gitName(Buffer.from(lfs.sha256)) : gitName(content);
  return { size: content.length, blobId, ...(isLarge(path) && { lfs }) };
}

function isLarge(path: string): boolean {
  return /\.(safetensors|gguf|bin)$/.test(path);
}

function bytes(content: Buffer | string): Buffer {
  return typeof content === 'string' ? Buffer.from(content) : content;
}
