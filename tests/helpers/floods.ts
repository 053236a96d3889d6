import { readFileSync } from 'node:fs'
import { configOf } from './fixtures.ts'
import type { RawClient } from './mcp-client.ts'
import { TempHome } from './temp-home.ts'

export const MIB = 1024 * 1024

export const twoServers = () => new TempHome(configOf([{ id: 'one' }, { id: 'two' }]))

/** The most memory that the process ever had. */
export const peakMib = (pid: number): number => memoryMib(pid, 'VmHWM')
/** What it has now. */
export const residentMib = (pid: number): number => memoryMib(pid, 'VmRSS')

/** Throws where there is no such process: no memory is less than any limit. */
function memoryMib(pid: number, field: string): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kib === undefined) throw new Error(`process ${pid} has no ${field}`)
  return Number(kib) / 1024
}

/** A client whose writes wait for the pipe, so that a flood is not kept in this process. */
export async function write(client: RawClient, text: string | Uint8Array): Promise<void> {
  client.process.stdin.write(text)
  await client.process.stdin.flush()
}
