/** `fine-tune doctor` */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { arch, availableParallelism, cpus, freemem, release, totalmem } from 'node:os';
import { Failure } from '../common/failure';
import { findNode } from '../training/launcher';
import type { Command } from './command';
import { columnsText, memoryText } from './format';

export interface Finding {
  readonly ok: boolean;
  readonly what: string;
  readonly text: string;
  readonly hint?: string;
}
export interface Backend {
  readonly name: string;
  readonly bundled: boolean;
}

export function doctorCommand(trainerPath: string): Command {
  return {
    name: 'doctor',
    usage: '[--json]',
    summary: 'Says what this machine can train with, what is missing and how to get it.',
    operands: { least: 0, most: 0 },
    flags: [{ name: 'json', help: 'Prints an array of JSON objects.' }],
    notes: 'Exit codes: 0 training works on this machine, 1 something that it needs is missing.',
    run: async (input, terminal) => {
      const findings = await examine(trainerPath, terminal.cwd);
      terminal.out(input.has('json') ? JSON.stringify(findings, undefined, 2) : findingsText(findings).join('\n'));
      return findings.every((finding) => finding.ok) ? 0 : 1;
    },
  };
}

export function findingsText(findings: readonly Finding[]): string[] {
  const rows = columnsText(findings.map(({ ok, what, text }) => [ok ? 'ok' : 'missing', what, text]));
  return findings.flatMap(({ hint }, i) => [rows[i]!, ...(hint ? [`         ${hint}`] : [])]);
}

/** Devices by what the runtime was built with; what must be added first comes with the way to get it. */
export function deviceFindings(backends: readonly Backend[], platform: string, architecture: string): Finding[] {
  const names = new Set(backends.map((backend) => backend.name));
  const found: Finding[] = [];
  const add = (name: string, needs: string, hint?: string): void => {
    const text = names.has(name) ? needs : 'not in this build';
    found.push({ ok: true, what: `device ${name}`, text, ...(hint && names.has(name) && { hint }) });
  };
  if (names.has('cpu')) add('cpu', 'ready');
  else
    found.push({
      ok: false,
      what: 'device cpu',
      text: `onnxruntime-node has no build for ${platform} ${architecture}`,
      hint: 'Use Linux or Windows on x64 or arm64, or a Mac with Apple silicon.',
    });
  add('webgpu', 'built in; needs a GPU with a Vulkan, Metal or Direct3D 12 driver');
  if (platform === 'win32') add('dml', 'built in; needs a GPU with a Direct3D 12 driver');
  if (platform === 'linux' && architecture === 'x64')
    add(
      'cuda',
      'optional; needs an NVIDIA GPU with CUDA 12 and cuDNN 9, and a library that is fetched once',
      'ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node',
    );
  return found;
}

async function examine(trainerPath: string, cwd: string): Promise<Finding[]> {
  const memory = totalmem();
  return [
    await nodeFinding(),
    { ok: true, what: 'system', text: `${process.platform} ${release()} ${arch()}` },
    {
      ok: true,
      what: 'processor',
      text: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} threads usable`,
    },
    { ok: true, what: 'memory', text: `${memoryText(memory)}, ${memoryText(freemem())} free` },
    await diskFinding(cwd),
    existsSync(trainerPath)
      ? { ok: true, what: 'trainer', text: trainerPath }
      : { ok: false, what: 'trainer', text: `${trainerPath} does not exist`, hint: 'Run "npm run build".' },
    ...(await runtimeFindings()),
  ];
}

async function nodeFinding(): Promise<Finding> {
  try {
    const path = await findNode();
    return { ok: true, what: 'node', text: `${process.version} ${path}` };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ok: false, what: 'node', text: error.message, hint: error.hint };
  }
}

async function diskFinding(cwd: string): Promise<Finding> {
  try {
    const { bavail, bsize } = await statfs(cwd);
    return { ok: true, what: 'disk', text: `${memoryText(bavail * bsize)} free for ${cwd}` };
  } catch {
    return { ok: true, what: 'disk', text: 'free space unknown' };
  }
}

async function runtimeFindings(): Promise<Finding[]> {
  try {
    const runtime = await import('onnxruntime-node');
    const version = runtime.env.versions.node ?? runtime.env.versions.common;
    return [
      { ok: true, what: 'engine', text: `onnxruntime-node ${version}` },
      ...deviceFindings(runtime.listSupportedBackends(), process.platform, process.arch),
    ];
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
    return [{ ok: false, what: 'engine', text: `onnxruntime-node cannot be loaded: ${reason}`, hint: 'Run "npm ci".' }];
  }
}
