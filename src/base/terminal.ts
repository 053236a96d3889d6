import { fstatSync } from 'node:fs'

/** Whether a person sits there. A pipe is told from a terminal without `node:tty`, which takes 1.5 ms to load. */
export async function isTerminal(descriptor: number): Promise<boolean> {
  return isCharacterDevice(descriptor) && (await import('node:tty')).isatty(descriptor)
}

function isCharacterDevice(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice()
  } catch {
    return false
  }
}
