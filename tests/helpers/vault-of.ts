import { resolvePaths, Secret } from '../../src/base/index.ts'
import { openVault, type Vault } from '../../src/vault/index.ts'
import type { TempHome } from './temp-home.ts'

/** The vault of a home, in this process. */
export function vaultOf(home: TempHome): Vault {
  return openVault({ paths: resolvePaths(undefined, { HOME: home.folder, MCPLEXER_HOME: home.path }) })
}

/** Seals `count` scopes `s0`… with one key each; gives what was put, `scope/KEY` → value. */
export async function fillVault(home: TempHome, count: number): Promise<Map<string, string>> {
  const vault = vaultOf(home)
  const values = new Map<string, string>()
  for (let index = 0; index < count; index++) {
    const value = `value-${index}-${crypto.randomUUID()}`
    await vault.put(`s${index}`, 'TOKEN', Secret.fromText(value))
    values.set(`s${index}/TOKEN`, value)
  }
  await vault.close()
  return values
}
