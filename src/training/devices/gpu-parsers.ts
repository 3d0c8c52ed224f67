/** What the tools of each system say about GPUs, read into one shape. What a tool does not say is `null`: unknown. */

export interface Gpu {
  readonly name: string;
  readonly vendor: 'nvidia' | 'amd' | 'intel' | 'apple' | 'other';
  readonly driver: string | null;
  readonly memoryBytes: number | null;
  readonly freeBytes: number | null;
  /** Share of the last second in which it was at work, 0 to 1. */
  readonly utilization: number | null;
}

const MIB = 2 ** 20;
/** `AdapterRAM` of Windows has 32 bits: from here on it says the same for every larger card. */
const WINDOWS_LIMIT = 2 ** 32 - 2 * MIB;

/** The fields of `nvidia-smi --query-gpu`, in the order that `parseNvidiaSmi` reads. */
export const NVIDIA_FIELDS = 'name,driver_version,memory.total,memory.free,utilization.gpu';

/** Output of `nvidia-smi --query-gpu=NVIDIA_FIELDS --format=csv,noheader,nounits`: MiB and percent; `[N/A]` is unknown. */
export function parseNvidiaSmi(text: string): Gpu[] {
  return text.split('\n').flatMap((line): Gpu[] => {
    const cells = line.split(',').map((cell) => cell.trim());
    // A driver that does not answer is reported in words, on the same stream.
    if (cells.length !== NVIDIA_FIELDS.split(',').length) return [];
    const [name = '', driver = '', total, free, utilization] = cells;
    return [
      {
        name,
        vendor: 'nvidia',
        driver: /^\d/.test(driver) ? driver : null,
        memoryBytes: times(total, MIB),
        freeBytes: times(free, MIB),
        utilization: times(utilization, 0.01),
      },
    ];
  });
}

/** One card of `/sys/class/drm`: the contents of its files by name. `undefined`: no GPU, or one of unknown make. */
export function parseDrmCard(files: Readonly<Record<string, string | undefined>>): Gpu | undefined {
  const vendor = DRM_VENDORS[files['vendor']?.trim() ?? ''];
  if (!vendor) return undefined;
  const total = times(files['mem_info_vram_total'], 1);
  const used = times(files['mem_info_vram_used'], 1);
  return {
    name: files['product_name']?.trim() || `${vendor.title} GPU ${files['device']?.trim() ?? ''}`.trim(),
    vendor: vendor.id,
    driver: files['driver_version']?.trim() || null,
    memoryBytes: total,
    freeBytes: total !== null && used !== null ? total - used : null,
    utilization: times(files['gpu_busy_percent'], 0.01),
  };
}

const DRM_VENDORS: Readonly<Record<string, { readonly id: Gpu['vendor']; readonly title: string }>> = {
  '0x10de': { id: 'nvidia', title: 'NVIDIA' },
  '0x1002': { id: 'amd', title: 'AMD' },
  '0x8086': { id: 'intel', title: 'Intel' },
};

/** Output of `system_profiler SPDisplaysDataType -json`. Apple silicon shares the memory of the machine. */
export function parseSystemProfiler(text: string): Gpu[] {
  const rows = objects(text, 'SPDisplaysDataType');
  return rows.flatMap((row): Gpu[] => {
    const name = row['sppci_model'] ?? row['_name'];
    if (typeof name !== 'string') return [];
    const [, size, unit] = /^([\d.]+) (MB|GB)$/.exec(String(row['spdisplays_vram'] ?? '')) ?? [];
    return [
      {
        name,
        vendor: vendorOf(name),
        driver: null,
        memoryBytes: times(size, unit === 'GB' ? 1024 * MIB : MIB),
        freeBytes: null,
        utilization: null,
      },
    ];
  });
}

/** Output of `Get-CimInstance Win32_VideoController | Select-Object Name, DriverVersion, AdapterRAM | ConvertTo-Json`. */
export function parseVideoControllers(text: string): Gpu[] {
  return objects(text).flatMap((row): Gpu[] => {
    const { Name: name, DriverVersion: driver, AdapterRAM: memory } = row;
    // What draws the screen of a virtual machine or a remote session computes nothing.
    if (typeof name !== 'string' || /^microsoft (basic|remote|hyper-v)/i.test(name)) return [];
    return [
      {
        name,
        vendor: vendorOf(name),
        driver: typeof driver === 'string' ? driver : null,
        memoryBytes: typeof memory === 'number' && memory > 0 && memory < WINDOWS_LIMIT ? memory : null,
        freeBytes: null,
        utilization: null,
      },
    ];
  });
}

function vendorOf(name: string): Gpu['vendor'] {
  const [word] = /nvidia|amd|radeon|intel|apple/i.exec(name) ?? [];
  const vendor = word?.toLowerCase() ?? 'other';
  return vendor === 'radeon' ? 'amd' : (vendor as Gpu['vendor']);
}

/** The objects of a JSON list, or of the list under a key; PowerShell writes a list of one as the object itself. */
function objects(text: string, key?: string): Readonly<Record<string, unknown>>[] {
  try {
    const parsed: unknown = JSON.parse(text);
    const list: unknown = key === undefined ? parsed : (parsed as Record<string, unknown> | null)?.[key];
    const rows: unknown[] = Array.isArray(list) ? list : [list];
    return rows.filter((row): row is Record<string, unknown> => typeof row === 'object' && row !== null);
  } catch {
    return [];
  }
}

function times(text: string | undefined, unit: number): number | null {
  const cleaned = text?.trim() ?? '';
  return /^\d+(\.\d+)?$/.test(cleaned) ? Number(cleaned) * unit : null;
}
