import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The forms in which a value could lie about. */
export function formsOf(secret: string): Buffer[] {
  const raw = Buffer.from(secret)
  return [raw, raw.toString('base64').replace(/=+$/, ''), raw.toString('hex'), encodeURIComponent(secret)].map(
    (form) => Buffer.from(form),
  )
}

/** Paths of the files below `folder` that hold any form of the secret. */
export function filesHolding(folder: string, secret: string | Uint8Array): string[] {
  const forms = typeof secret === 'string' ? formsOf(secret) : [Buffer.from(secret)]
  return filesBelow(folder).filter((path) => {
    const bytes = readFileSync(path)
    return forms.some((form) => bytes.includes(form))
  })
}

export function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    const stat = statSync(path)
    return stat.isDirectory() ? filesBelow(path) : stat.isFile() ? [path] : []
  })
}
