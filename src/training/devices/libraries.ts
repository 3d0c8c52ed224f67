/** Where the libraries lie that a device needs besides the runtime's own. Drivers' own are left to the probe. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runtimeFolder, runtimeIsInstalled } from './gpu-runtime';

export interface DeviceLibrary {
  readonly name: string;
  /** `null`: it was looked for and is not there. */
  readonly path: string | null;
}

/** @param engine folder of the runtime's library */
export function deviceLibraries(engine: string | undefined): DeviceLibrary[] {
  const { platform, arch } = process;
  if (platform === 'win32')
    return [
      // WebGPU compiles its shaders with them, DirectML has its own.
      { name: 'DirectX compiler', path: firstOf([engine], 'dxil.dll') },
      { name: 'DirectML', path: firstOf([engine], 'DirectML.dll') },
    ];
  if (platform !== 'linux') return [];
  const cuda = { name: 'CUDA provider', path: cudaProvider(engine) };
  return [...(arch === 'x64' ? [cuda] : []), { name: 'Vulkan loader', path: vulkanLoader() }];
}

export function cudaProvider(engine: string | undefined): string | null {
  return firstOf([runtimeIsInstalled() ? runtimeFolder() : undefined, engine], 'libonnxruntime_providers_cuda.so');
}

export function vulkanLoader(): string | null {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  const own = (process.env['LD_LIBRARY_PATH'] ?? '').split(delimiter).filter((path) => path !== '');
  const usual = [`/usr/lib/${triplet}`, '/usr/lib64', '/usr/lib', '/usr/local/lib', '/run/opengl-driver/lib'];
  return firstOf([...own, ...usual], 'libvulkan.so.1');
}

function firstOf(folders: readonly (string | undefined)[], file: string): string | null {
  for (const folder of folders) if (folder !== undefined && existsSync(join(folder, file))) return join(folder, file);
  return null;
}
