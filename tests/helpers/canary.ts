import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The forms in which a value could lie about. */
export function formsOf(secret: string): Buffer[] {
  const raw = Buffer.from(secret)
  const json = JSON.stringify(secret).slice(1, -1)
  const base64 = raw.toString('base64').replace(/=+$/, '')
  return [raw, json, base64, raw.toString('hex'), encodeURIComponent(secret)].map((form) => Buffer.from(form))
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
    // what a running gateway has removed meanwhile holds nothing
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat?.isDirectory() ? filesBelow(path) : stat?.isFile() ? [path] : []
  })
}
