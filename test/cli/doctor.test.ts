import { describe, expect, it } from 'vitest';
import { findingsText } from '../../src/cli/doctor';
import { deviceFinding, gpuFindings, processorText } from '../../src/cli/examine';

describe('doctor', () => {
  it('shows what is there, what could be added and what is missing, each with what to do', () => {
    const findings = [
      { state: 'ok', what: 'engine', text: 'onnxruntime-node 1.30.0' } as const,
      deviceFinding({ device: 'cuda', state: 'missing', text: 'no library', hint: 'Fetch it.' }),
      deviceFinding({ device: 'webgpu', state: 'slow', text: '2 GFLOP/s' }),
      deviceFinding({ device: 'dml', state: 'unusable', text: 'its results are wrong by 50 %' }),
      { state: 'missing', what: 'node', text: 'none', hint: 'Install it.' } as const,
    ];
    expect(findingsText(findings)).toEqual([
      'ok       engine         onnxruntime-node 1.30.0',
      '-        device cuda    no library',
      '         Fetch it.',
      'ok       device webgpu  works, but slower: 2 GFLOP/s',
      '-        device dml     does not work: its results are wrong by 50 %',
      'missing  node           none',
      '         Install it.',
    ]);
  });
  it('says of each GPU what is known', () => {
    const gpu = { name: 'NVIDIA L4', vendor: 'nvidia', driver: '580.95.05', memoryBytes: 24 * 2 ** 30 } as const;
    expect(gpuFindings([{ ...gpu, freeBytes: 2 ** 30, utilization: 0.97 }])[0]?.text).toBe(
      'NVIDIA L4, driver 580.95.05, 24.0 GiB, 1.0 GiB free, 97 % busy',
    );
    expect(
      gpuFindings([{ ...gpu, driver: null, memoryBytes: null, freeBytes: null, utilization: null }])[0]?.text,
    ).toBe('NVIDIA L4, driver unknown, memory unknown');
    expect(gpuFindings([])).toEqual([{ state: 'absent', what: 'GPU', text: 'none was found' }]);
  });
  it('names the processor with its instruction sets', () => {
    const processor = { name: 'AMD EPYC', cores: 1, threads: 2, features: ['AVX2'] };
    expect(processorText(processor)).toBe('AMD EPYC, 1 core, 2 threads, AVX2');
    expect(processorText({ ...processor, features: null })).toBe(
      'AMD EPYC, 1 core, 2 threads, instruction sets unknown',
    );
  });
});
