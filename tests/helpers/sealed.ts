import { Database } from 'bun:sqlite'
import { decodeEnvelope } from '../../src/vault/envelope.ts'
import { IdentityFile } from '../../src/vault/key/identity-file.ts'
import type { TempHome } from './temp-home.ts'

interface SealedRow {
  scope_id: string
  recipient: string
  blob: Uint8Array
  mac: Uint8Array
  generation: number
}

export function sealedRows(home: TempHome): SealedRow[] {
  // writable: whoever comes after a kill within the commit rolls its journal back
  const database = new Database(home.file('mcplexer.db'), { readwrite: true, create: false })
  const rows = database.query<SealedRow, []>('select * from sealed_scopes order by scope_id').all()
  database.close()
  return rows
}

export function changeDatabase(home: TempHome, sql: string, ...parameters: (string | Uint8Array)[]): void {
  const database = new Database(home.file('mcplexer.db'))
  database.run(sql, parameters)
  database.close()
}

/** Every value of the vault, read with nothing but the key file and the blobs: `scope/KEY` → value. */
export async function allValues(home: TempHome): Promise<Map<string, string>> {
  const file = await IdentityFile.read(home.file('age.key'))
  if (file === null) throw new Error('no key file')
  const rows = sealedRows(home)
  const opened = await Promise.all(
    rows.map(async (row) => decodeEnvelope(await file.open(row.recipient, row.blob))),
  )
  return new Map(
    opened.flatMap(({ scopeId, keys }) =>
      [...keys].map(
        ([name, value]) => [`${scopeId}/${name}`, new TextDecoder().decode(value.reveal())] as const,
      ),
    ),
  )
}

export async function identityCount(home: TempHome): Promise<number> {
  return (await IdentityFile.read(home.file('age.key')))?.identities.length ?? 0
}

/** The first identity of a key file. */
export function identityIn(keyFile: string): string {
  const [identity] = /AGE-SECRET-KEY-\S+/.exec(keyFile) ?? []
  if (identity === undefined) throw new Error('no identity in the key file')
  return identity
}
