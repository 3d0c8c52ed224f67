import { describe, expect, it } from 'vitest';
import {
  parseDrmCard,
  parseNvidiaSmi,
  parseSystemProfiler,
  parseVideoControllers,
} from '../../../src/training/devices/gpu-parsers';
import { processorFeatures } from '../../../src/training/devices/processor';

const GIB = 2 ** 30;

describe('nvidia-smi', () => {
  it('reads the cards in order', () => {
    const text =
      'NVIDIA H100 80GB HBM3, 535.161.08, 81559, 81008, 0\nNVIDIA RTX A2000 Laptop GPU, 535.161.08, 4096, 12, 97\n';
    expect(parseNvidiaSmi(text)).toEqual([
      {
        name: 'NVIDIA H100 80GB HBM3',
        vendor: 'nvidia',
        driver: '535.161.08',
        memoryBytes: 81559 * 2 ** 20,
        freeBytes: 81008 * 2 ** 20,
        utilization: 0,
      },
      {
        name: 'NVIDIA RTX A2000 Laptop GPU',
        vendor: 'nvidia',
        driver: '535.161.08',
        memoryBytes: 4096 * 2 ** 20,
        freeBytes: 12 * 2 ** 20,
        utilization: 0.97,
      },
    ]);
  });
  it('knows what it does not know', () => {
    const [jetson] = parseNvidiaSmi('Orin (nvgpu), 540.4.0, [N/A], [N/A], [Not Supported]\n');
    expect(jetson).toMatchObject({ driver: '540.4.0', memoryBytes: null, freeBytes: null, utilization: null });
  });
  it('takes no message for a card', () => {
    const message =
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n";
    expect(parseNvidiaSmi(message)).toEqual([]);
    expect(parseNvidiaSmi('No devices were found\n')).toEqual([]);
    expect(parseNvidiaSmi('')).toEqual([]);
  });
});

describe('/sys/class/drm', () => {
  it('reads an AMD card with its memory', () => {
    const files = {
      vendor: '0x1002\n',
      device: '0x744c\n',
      product_name: '\n',
      mem_info_vram_total: '25753026560\n',
      mem_info_vram_used: '1288490188\n',
      gpu_busy_percent: '3\n',
      driver_version: 'amdgpu of the kernel',
    };
    expect(parseDrmCard(files)).toEqual({
      name: 'AMD GPU 0x744c',
      vendor: 'amd',
      driver: 'amdgpu of the kernel',
      memoryBytes: 25_753_026_560,
      freeBytes: 24_464_536_372,
      utilization: 0.03,
    });
  });
  it('reads an Intel GPU, which has no memory of its own, and leaves out what draws a virtual screen', () => {
    expect(parseDrmCard({ vendor: '0x8086\n', device: '0x9a49\n' })).toMatchObject({
      name: 'Intel GPU 0x9a49',
      driver: null,
      memoryBytes: null,
      freeBytes: null,
    });
    expect(parseDrmCard({ vendor: '0x1234\n', device: '0x1111\n' })).toBeUndefined();
    expect(parseDrmCard({})).toBeUndefined();
  });
});

describe('system_profiler', () => {
  it('reads Apple silicon and cards of older machines', () => {
    const text = JSON.stringify({
      SPDisplaysDataType: [
        {
          _name: 'Apple M1 Pro',
          spdisplays_mtlgpufamilysupport: 'spdisplays_metal3',
          spdisplays_vendor: 'sppci_vendor_Apple',
          sppci_bus: 'spdisplays_builtin',
          sppci_cores: '16',
          sppci_device_type: 'spdisplays_gpu',
          sppci_model: 'Apple M1 Pro',
        },
        { _name: 'kHW_AMDRadeonPro555XItem', sppci_model: 'Radeon Pro 555X', spdisplays_vram: '4 GB' },
      ],
    });
    expect(parseSystemProfiler(text)).toMatchObject([
      { name: 'Apple M1 Pro', vendor: 'apple', driver: null, memoryBytes: null },
      { name: 'Radeon Pro 555X', vendor: 'amd', memoryBytes: 4 * GIB },
    ]);
    expect(parseSystemProfiler('')).toEqual([]);
    expect(parseSystemProfiler('{"SPDisplaysDataType":null}')).toEqual([]);
  });
});

describe('Win32_VideoController', () => {
  it('reads a list, and one card without a list', () => {
    const list =
      '[{"Name":"NVIDIA GeForce RTX 3060","DriverVersion":"31.0.15.5222","AdapterRAM":4293918720},{"Name":"Intel(R) UHD Graphics 770","DriverVersion":"31.0.101.2111","AdapterRAM":1073741824},{"Name":"Microsoft Remote Display Adapter","DriverVersion":"10.0.22621.1","AdapterRAM":null}]';
    expect(parseVideoControllers(list)).toMatchObject([
      // The field cannot say more than 4 GiB: this card has 12.
      { name: 'NVIDIA GeForce RTX 3060', vendor: 'nvidia', driver: '31.0.15.5222', memoryBytes: null },
      { name: 'Intel(R) UHD Graphics 770', vendor: 'intel', memoryBytes: GIB },
    ]);
    const one = '{"Name":"AMD Radeon(TM) Graphics","DriverVersion":"31.0.12027.9001","AdapterRAM":536870912}';
    expect(parseVideoControllers(one)).toMatchObject([{ vendor: 'amd', memoryBytes: GIB / 2 }]);
    expect(parseVideoControllers('')).toEqual([]);
  });
});

describe('/proc/cpuinfo', () => {
  it('names the instruction sets for matrix products', () => {
    const text =
      'processor\t: 0\nflags\t\t: fpu sse4_2 avx avx2 avx512f avx512_bf16 amx_bf16 amx_tile amx_int8\nbugs\t\t:\n';
    expect(processorFeatures(text)).toEqual(['AVX2', 'AVX-512', 'AVX-512 BF16', 'AMX', 'AMX BF16']);
    expect(processorFeatures('processor\t: 0\nFeatures\t: fp asimd evtstrm aes bf16 i8mm sve\n')).toEqual([
      'NEON',
      'SVE',
      'BF16',
      'I8MM',
    ]);
    expect(processorFeatures('')).toBeNull();
  });
});
