import { runtimeIsInstalled } from './gpu-runtime';
import { listGpus } from './gpus';

/** Why there is nothing to fetch on this machine, for the user; `undefined` where there is. */
export async function needlessRuntime(): Promise<string | undefined> {
  const never = noProvider();
  if (never !== undefined || runtimeIsInstalled()) return never;
  if ((await listGpus()).some(({ vendor }) => vendor === 'nvidia')) return undefined;
  return 'Nothing is to be fetched: no NVIDIA GPU was found here. GPUs of AMD and Intel are used through Vulkan, which is built in.';
}

/** The same for the platforms that have no CUDA provider at all. */
export function noProvider(platform: NodeJS.Platform = process.platform, arch = process.arch): string | undefined {
  if (platform === 'darwin')
    return 'Nothing is to be fetched: on a Mac the GPU is used through Metal, which is built in.';
  if (platform === 'win32')
    return 'Nothing is to be fetched: on Windows GPUs are used through Direct3D 12 (DirectML, WebGPU), which is built in.';
  if (platform === 'linux' && arch === 'x64') return undefined;
  return `Nothing is to be fetched: there is no CUDA provider for ${platform} ${arch}.`;
}
