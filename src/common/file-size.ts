/** `38 kB`, `270 MB`, `1.5 GB`: sizes of files and downloads, in thousands as shops and disks have them. */
export function fileSizeText(bytes: number): string {
  if (bytes < 999.5e3) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 999.5e6 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
