/** Whether llama.cpp is there, and where. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

interface LlamaPackage {
  /** `llama.mjs`. */
  readonly childPath: string;
  /** Folder of the package that holds the libraries for this machine; undefined where there is none. */
  readonly binaries: string | undefined;
  /** Of node-llama-cpp. */
  readonly version: string | undefined;
}

/** By `process.platform` and `process.arch`; all but Apple's with the processor alone. */
const BY_PLATFORM: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'mac-arm64-metal',
  'darwin-x64': 'mac-x64',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
};

function packageName(): string | undefined {
  const name = BY_PLATFORM[`${process.platform}-${process.arch}`];
  return name && `@node-llama-cpp/${name}`;
}

export function llamaPackage(): LlamaPackage {
  // Beside the bundle that this is part of, or where the bundles are built.
  const places = ['.', '../../../../dist'].map((place) => join(__dirname, place, 'llama.mjs'));
  const childPath = places.find((path) => existsSync(path)) ?? places[0]!;
  try {
    const main = createRequire(childPath).resolve(packageName() ?? '');
    const binaries = dirname(dirname(main));
    const manifest: unknown = JSON.parse(readFileSync(join(binaries, 'package.json'), 'utf8'));
    return { childPath, binaries, version: versionOf(manifest) };
  } catch {
    return { childPath, binaries: undefined, version: undefined };
  }
}

/** Why llama.cpp cannot run on this machine; undefined where it can. */
export function missingLlama(): string | undefined {
  const { childPath, binaries } = llamaPackage();
  if (binaries === undefined) {
    const name = packageName();
    const where = `${process.platform} ${process.arch}`;
    return name ? `llama.cpp is not installed (${name})` : `llama.cpp has no library for ${where}`;
  }
  return existsSync(childPath) ? undefined : `llama.cpp is not installed (${childPath} does not exist)`;
}

function versionOf(manifest: unknown): string | undefined {
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : undefined;
}
