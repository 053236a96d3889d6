/**
 * The official age test vectors (C2SP CCTV, npm `cctv-age`) through the product's own cipher, in a program that is
 * compiled with the product's flags. Prints `passed N of M` and the names of those that did not.
 */

import { inflateSync } from 'node:zlib'
import { armor, Decrypter } from 'age-encryption'
import * as vectors from 'cctv-age'
import { openerOf } from '../../src/vault/cipher.ts'

interface Vector {
  readonly header: ReadonlyMap<string, string[]>
  readonly file: Uint8Array
}

const named: Readonly<Record<string, Uint8Array>> = vectors
const names = Object.keys(named).filter((name) => named[name] instanceof Uint8Array)
const failed: string[] = []
for (const name of names) {
  if (!(await isAsExpected(parse(named[name] ?? new Uint8Array())))) failed.push(name)
}
process.stdout.write(`passed ${names.length - failed.length} of ${names.length} ${failed.join(' ')}\n`)

/** Lines of `name: value`, an empty line, then the file, maybe compressed. */
function parse(vector: Uint8Array): Vector {
  const end = Buffer.from(vector).indexOf('\n\n')
  const header = new Map<string, string[]>()
  for (const line of new TextDecoder().decode(vector.subarray(0, end)).split('\n')) {
    const [name = '', value = ''] = line.split(/: (.*)/s)
    header.set(name, [...(header.get(name) ?? []), value])
  }
  const body = vector.subarray(end + 2)
  const isCompressed = header.get('compressed')?.[0] === 'zlib'
  return { header, file: isCompressed ? new Uint8Array(inflate(body)) : body }
}

function inflate(body: Uint8Array): Buffer {
  return inflateSync(body)
}

async function isAsExpected({ header, file }: Vector): Promise<boolean> {
  const isSuccess = header.get('expect')?.[0] === 'success'
  try {
    const plaintext = await decrypt(header, file)
    const digest = new Bun.CryptoHasher('sha256').update(plaintext).digest('hex')
    return isSuccess && digest === header.get('payload')?.[0]
  } catch {
    return !isSuccess
  }
}

async function decrypt(header: ReadonlyMap<string, string[]>, file: Uint8Array): Promise<Uint8Array> {
  const sealed = header.has('armored') ? armor.decode(new TextDecoder().decode(file)) : file
  const passphrases = header.get('passphrase')
  if (passphrases === undefined) return openerOf(header.get('identity') ?? [])(sealed)
  const decrypter = new Decrypter()
  for (const passphrase of passphrases) decrypter.addPassphrase(passphrase)
  return decrypter.decrypt(sealed)
}
