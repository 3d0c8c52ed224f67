/**
 * The CUDA provider of ONNX Runtime and the libraries that it needs: too large for a package, so they are fetched once
 * into the user's folder. ONNX Runtime looks for providers beside its own library. So a copy of that library lies
 * in the same folder, and processes that shall find CUDA are started with the folder first on LD_LIBRARY_PATH: the
 * binding names its own folder in RUNPATH only, which comes after it.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { userFolder } from './user-folder';

export interface RuntimeArchive {
  /** A wheel, which is a ZIP file. */
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Paths of the wanted files in it. */
  readonly files: readonly string[];
}

/** The version of onnxruntime-node that the provider is made for; another one cannot load it. */
export const RUNTIME_VERSION = '1.30.0';
/** CUDA 13 needs this version of NVIDIA's driver: docs.nvidia.com/cuda/cuda-toolkit-release-notes. */
export const OLDEST_DRIVER = 580;
/** Size of the unpacked folder. */
export const RUNTIME_BYTES = 1_046_000_000;

const FILES = 'https://files.pythonhosted.org/packages';
/**
 * Microsoft's and NVIDIA's own packages on PyPI. The provider comes from the commit that onnxruntime-node was built
 * from (f2c39fe2f, in the build info of both libraries). A new version of onnxruntime-node needs a new table.
 */
export const RUNTIME_ARCHIVES: readonly RuntimeArchive[] = [
  {
    url: `${FILES}/9e/80/d96143329dbe925d434b016c890a5caa785fac8e14a1570e5d6818b63545/onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl`,
    bytes: 246_685_715,
    sha256: '6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1',
    files: ['onnxruntime/capi/libonnxruntime_providers_cuda.so', 'onnxruntime/capi/libonnxruntime_providers_shared.so'],
  },
  {
    url: `${FILES}/2e/24/d1558f3b68b1d26e706813b1d10aa1d785e4698c425af8db8edc3dced472/nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl`,
    bytes: 2_243_632,
    sha256: '7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548',
    files: ['nvidia/cu13/lib/libcudart.so.13'],
  },
  {
    url: `${FILES}/28/d4/30e630055d8e0f7058cc0d39e562c965d692f4735537d3f02f45d579a280/nvidia_cublas-13.0.2.14-py3-none-manylinux_2_27_x86_64.whl`,
    bytes: 420_882_912,
    sha256: '0cf238ffdbe46c00cb9aa98e7bca745c223a5ca5a53e686ac8b3e5a08fe80d6c',
    files: ['nvidia/cu13/lib/libcublas.so.13', 'nvidia/cu13/lib/libcublasLt.so.13'],
  },
  {
    url: `${FILES}/a5/9f/be0a41ca4a4917abf5cb9ae0daff1a6060cc5de950aec0396de9f3b52bc5/nvidia_curand-10.4.0.35-py3-none-manylinux_2_27_x86_64.whl`,
    bytes: 59_544_258,
    sha256: '1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc',
    files: ['nvidia/cu13/lib/libcurand.so.10'],
  },
];

export const RUNTIME_PREFIX = 'onnxruntime-';

export function runtimeFolder(): string {
  return join(userFolder(), `${RUNTIME_PREFIX}${RUNTIME_VERSION}-cuda13`);
}

/** Written last. */
export const RUNTIME_COMPLETE = 'COMPLETE';

export function runtimeIsInstalled(): boolean {
  return existsSync(join(runtimeFolder(), RUNTIME_COMPLETE));
}

/** The environment of a process that shall find the CUDA provider: `environment` itself where none is installed. */
export function withGpuRuntime(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (!runtimeIsInstalled()) return environment;
  const paths = [runtimeFolder(), environment['LD_LIBRARY_PATH']].filter(Boolean);
  return { ...environment, LD_LIBRARY_PATH: paths.join(delimiter) };
}
