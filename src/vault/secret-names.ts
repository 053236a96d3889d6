import { ID, ID_RULE, isForbiddenName, type Secret, VARIABLE_NAME, VARIABLE_NAME_RULE } from '../base/index.ts'
import { VaultError } from './vault-error.ts'

/** The kernel refuses one environment string of 131,072 bytes or more. */
const MAX_VALUE_BYTES = 128_000

/** Throws VAULT_NAME_REFUSED. */
export function checkNames(scopeId: string, keyName: string): void {
  if (!ID.test(scopeId)) {
    throw new VaultError('VAULT_NAME_REFUSED', `a scope id ${ID_RULE}`, {
      hint: 'mcplexer scope list',
    })
  }
  if (!VARIABLE_NAME.test(keyName)) {
    throw new VaultError('VAULT_NAME_REFUSED', `a key name ${VARIABLE_NAME_RULE}`, {
      hint: 'name it as the server reads it, for example GITHUB_TOKEN',
    })
  }
  if (isForbiddenName(keyName)) {
    throw new VaultError('VAULT_NAME_REFUSED', `${keyName} would change which programs or code a server runs`, {
      hint: 'plain settings belong under `env:` of the server',
    })
  }
}

/** Throws VAULT_VALUE_REFUSED, which never holds a piece of it. */
export function checkValue(keyName: string, value: Secret): void {
  const bytes = value.reveal()
  if (bytes.includes(0)) throw refused(keyName, 'it contains a NUL byte, which no environment can carry')
  if (keyName.length + bytes.length > MAX_VALUE_BYTES) {
    throw refused(keyName, `name and value have over ${MAX_VALUE_BYTES.toLocaleString('en')} bytes`)
  }
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refused(keyName, 'it is not valid UTF-8')
  }
}

function refused(keyName: string, reason: string): VaultError {
  return new VaultError('VAULT_VALUE_REFUSED', `the value for ${keyName} was not stored: ${reason}`, {
    hint: 'put binary data in as base64 text',
  })
}
