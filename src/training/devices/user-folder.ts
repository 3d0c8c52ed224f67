import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where this program keeps what belongs to the user and to no project; it may be removed at any time. */
export function userFolder(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (platform === 'win32')
    return join(environment['LOCALAPPDATA'] || join(homedir(), 'AppData', 'Local'), 'fine-tune');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'fine-tune');
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'fine-tune');
}
