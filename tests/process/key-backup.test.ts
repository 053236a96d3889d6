import { describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Encrypter } from 'age-encryption'
import { hasStrace } from '../helpers/faults.ts'
import { KeyHome, PASSPHRASE } from '../helpers/key-home.ts'
import { identityIn } from '../helpers/sealed.ts'

describe('a backup', () => {
  test('is not made with an empty passphrase, which protects nothing', () => {
    using home = new KeyHome()
    const backup = join(home.folder, 'backup.age')

    expect(home.withPassphrase(['key', 'backup', backup], '')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('an empty passphrase protects nothing'),
    })

    expect(existsSync(backup)).toBe(false)
  })

  test('asks for no passphrase where there is no use for it', () => {
    using home = new KeyHome()
    const backup = join(home.folder, 'backup.age')
    home.withPassphrase(['key', 'backup', backup])
    const said = (...args: string[]) => home.runSync(['key', ...args]).stderr

    expect(said('backup', backup)).toContain('exists already')
    expect(said('restore', backup)).toContain('it was left as it is')
    Bun.spawnSync(['rm', home.file('age.key')])
    expect(said('backup', join(home.folder, 'other.age'))).toContain('age.key')
    expect(said('restore', join(home.folder, 'none.age'))).toContain(
      'none.age cannot be read: there is no such file',
    )
    expect(said('restore', home.file('mcplexer.yaml'))).toContain('is no backup of a key file')
    expect(said('restore', home.folder)).toContain('is no backup of a key file')
  })

  test('says what is still to be done: after a restore, and once there is a new key', () => {
    using home = new KeyHome()
    const backup = join(home.folder, 'backup.age')
    home.withPassphrase(['key', 'backup', backup])
    Bun.spawnSync(['rm', home.file('age.key')])

    expect(home.withPassphrase(['key', 'restore', backup]).stderr).toContain(
      'is there again, and lies open: `mcplexer key protect --with HOW` wraps it',
    )
    expect(home.runSync(['rotate-key', '--dry-run']).stderr).not.toContain('key backup')
    expect(home.runSync(['rotate-key']).stderr).toContain('`mcplexer key backup FILE` makes a new one')
  })

  test.skipIf(!hasStrace)(
    'is written to a stick, which has no links and no modes, and restored from it',
    () => {
      using home = new KeyHome()
      const stick = join(home.folder, 'stick')
      mkdirSync(stick)
      const backup = join(stick, 'backup.age')
      const strace = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=link,linkat:error=EPERM']
      const write = () => home.withPassphrase(['key', 'backup', backup], PASSPHRASE, strace)
      expect(write()).toMatchObject({ exitCode: 0 })
      expect(write().stderr).toContain('exists already')
      expect(readdirSync(stick)).toEqual(['backup.age'])

      chmodSync(stick, 0o777)
      chmodSync(backup, 0o777)
      Bun.spawnSync(['rm', home.file('age.key')])
      expect(home.withPassphrase(['key', 'restore', backup])).toMatchObject({ exitCode: 0 })

      expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('the-token-itself')
    },
  )

  test('is wrapped by a passphrase of its own, and restores a lost key file, and only a lost one', () => {
    using home = new KeyHome()
    const backup = join(home.folder, 'backup.age')
    const identity = identityIn(home.read('age.key'))
    expect(home.withPassphrase(['key', 'backup', backup])).toMatchObject({ exitCode: 0 })
    expect(home.withPassphrase(['key', 'backup', backup]).stderr).toContain('exists already')
    expect(readFileSync(backup, 'latin1')).not.toContain(identity)

    expect(home.withPassphrase(['key', 'restore', backup]).stderr).toContain('it was left as it is')
    Bun.spawnSync(['rm', home.file('age.key')])
    expect(home.withPassphrase(['key', 'restore', backup], 'wrong').exitCode).toBe(1)
    expect(home.withPassphrase(['key', 'restore', backup])).toMatchObject({ exitCode: 0 })

    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('the-token-itself')
  })

  test('is what is named when a passphrase does not open it, as there is no key file at all', () => {
    using home = new KeyHome()
    const backup = join(home.folder, 'backup.age')
    home.withPassphrase(['key', 'backup', backup])
    Bun.spawnSync(['rm', home.file('age.key')])

    const { stderr, exitCode } = home.withPassphrase(['key', 'restore', backup], 'wrong')

    expect(exitCode).toBe(1)
    expect(stderr).toContain(`the passphrase does not open the backup ${backup}`)
    expect(stderr).toContain('hint: a backup has a passphrase of its own')
    expect(stderr).not.toContain('wrong')
    expect(existsSync(home.file('age.key'))).toBe(false)
  })

  describe('that does not open this vault', () => {
    test('is not restored: the right one could not be afterwards', () => {
      using home = new KeyHome()
      using other = new KeyHome()
      const [own, foreign] = [join(home.folder, 'own.age'), join(other.folder, 'foreign.age')]
      home.withPassphrase(['key', 'backup', own])
      other.withPassphrase(['key', 'backup', foreign])
      Bun.spawnSync(['rm', home.file('age.key')])

      const refused = home.withPassphrase(['key', 'restore', foreign])

      expect(refused.exitCode).toBe(1)
      expect(refused.stderr).toContain('does not hold the identity')
      expect(existsSync(home.file('age.key'))).toBe(false)
      expect(home.withPassphrase(['key', 'restore', own]).exitCode).toBe(0)
      expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('the-token-itself')
    })

    test('nor is what holds no identity at all', async () => {
      using home = new KeyHome()
      const letter = join(home.folder, 'letter.age')
      const encrypter = new Encrypter()
      encrypter.setScryptWorkFactor(10)
      encrypter.setPassphrase(PASSPHRASE)
      writeFileSync(letter, await encrypter.encrypt('a letter to my mother'))
      Bun.spawnSync(['rm', home.file('age.key')])

      expect(home.withPassphrase(['key', 'restore', letter]).stderr).toContain('is no backup of a key file')

      expect(existsSync(home.file('age.key'))).toBe(false)
    })

    test('is restored where there is no vault yet', () => {
      using home = new KeyHome()
      const backup = join(home.folder, 'backup.age')
      home.withPassphrase(['key', 'backup', backup])
      Bun.spawnSync(['rm', '-r', home.path])

      expect(home.withPassphrase(['key', 'restore', backup]).exitCode).toBe(0)

      expect(existsSync(home.file('age.key'))).toBe(true)
    })
  })
})
