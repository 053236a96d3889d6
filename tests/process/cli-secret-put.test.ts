import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { TempHome } from '../helpers/temp-home.ts'

const SCOPES = 'auth_scopes: [{ id: a }, { id: b, keys: [{ name: T }] }]'

describe('D14: secret put', () => {
  test('takes options before, between and behind, and everything behind -- as it is', () => {
    using home = new TempHome(SCOPES)
    writeFileSync(home.file('v'), 'from the file')
    const config = ['--config', home.file('mcplexer.yaml')]

    home.runSync(['secret', 'put', 'a', 'ONE', '--from-file', home.file('v'), ...config])
    home.runSync(['secret', 'put', `--from-file=${home.file('v')}`, 'a', 'TWO'])
    home.runSync(['secret', 'put', 'a', 'THREE', '--', '--from-file'])
    home.runSync([...config, 'secret', 'put', 'a', 'FOUR', '-4'])

    const values = ['ONE', 'TWO', 'THREE', 'FOUR'].map(
      (key) => home.runSync(['secret', 'get', 'a', key]).stdout,
    )
    expect(values).toEqual(['from the file', 'from the file', '--from-file', '-4'])
  })

  test('refuses an argument and a variable that are not UTF-8 rather than store something else', () => {
    using home = new TempHome(SCOPES)

    for (const command of [
      `"$0" secret put a K "$(printf 'x\\377')"`,
      `V=$(printf 'x\\377') "$0" secret put a K --from-env V`,
    ]) {
      expect(home.shell(command)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('not valid UTF-8'),
      })
    }
  })

  test('reads no more than it needs of an endless file', () => {
    using home = new TempHome(SCOPES)

    for (const command of ['"$0" secret put a K --from-file /dev/zero', '"$0" secret put a K < /dev/zero'])
      expect(home.shell(command)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('was not stored'),
      })
  })

  test('takes an empty value only from who means it', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'good')

    const { exitCode, stderr } = home.runSync(['secret', 'put', 'a', 'K'], { stdin: '' })
    expect({ exitCode, kept: home.runSync(['secret', 'get', 'a', 'K']).stdout }).toEqual({
      exitCode: 1,
      kept: 'good',
    })
    expect(stderr).toContain('no value was given; nothing was changed')

    expect(home.runSync(['secret', 'put', 'a', 'K', '']).stderr).toContain('note: the value is empty')
    expect(home.runSync(['secret', 'get', 'a', 'K'])).toMatchObject({ exitCode: 0, stdout: '' })
  })

  test('names the declared key that a misspelt one is near to', () => {
    using home = new TempHome('auth_scopes: [{ id: a, keys: [{ name: GITHUB_PERSONAL_ACCESS_TOKEN }] }]')

    const { stderr } = home.runSync(['secret', 'put', 'a', 'GITHUB_PERSONAL_ACESS_TOKEN'], { stdin: 'v' })

    expect(stderr).toContain('did you mean GITHUB_PERSONAL_ACCESS_TOKEN?')
  })

  test('understands a server in the place of its scope, and a scope in the place of the key', () => {
    using home = new TempHome(`${SCOPES}\ndownstream_servers: [{ id: github, command: x, auth_scope: b }]`)
    home.put('b', 'T', 'v')

    expect(home.runSync(['secret', 'put', 'github', 'T', 'v']).stderr).toContain('did you mean b?')
    expect(home.runSync(['secret', 'put', 'T', 'b', 'v'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('hint: mcplexer secret put b KEY'),
    })
    expect(home.runSync(['secret', 'get', 'T', 'b']).stderr).toContain('b, which comes before the key?')
  })

  test('shows how to declare a scope that is not in the file', () => {
    using home = new TempHome(SCOPES)

    expect(home.runSync(['secret', 'put', 'new-scope', 'K', 'v']).stderr).toContain(
      'auth_scopes:\n    - id: new-scope\n',
    )
  })
})
