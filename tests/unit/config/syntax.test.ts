import { describe, expect, test } from 'bun:test'
import { inspect } from 'node:util'
import { errorOf, problemsOf } from '../../helpers/config-problems.ts'

describe('D22: what is no YAML of ours is refused', () => {
  test('what is no YAML, once, with what is wrong and the key of ours that it is at', () => {
    const server = 'downstream_servers:\n  - id: a\n'
    const indent =
      'the indentation does not fit: keys of one entry, and entries of one list, start in the same column'
    const cases: [string, string][] = [
      [
        `${server}     command: x\n`,
        '2:9: the next line is indented deeper: keys of one entry start in the same column (at or under `id`)',
      ],
      [`${server}  command: x\n`, `3:1: ${indent} (at or under \`command\`)`],
      [`${server} - id: b\n`, `3:1: ${indent} (at or under \`id\`)`],
      [`${server}    command: x\n   cwd: y\n`, `4:1: ${indent} (at or under \`cwd\`)`],
      [`${server}    args: [a, "é]"\n    env: {}\n`, '3:11: this bracket is not closed (at or under `args`)'],
      [
        `${server}    command: x: y\n`,
        '3:14: a second colon with a space behind it; put the value in quotes (at or under `command`)',
      ],
      [
        'downstream_servers:\n  - id:a\n    command: x\n',
        '2:5: a key is written `key: value`, with a colon and a space (at or under `id`)',
      ],
      [
        'auth_scopes: []\n---\nauth_scopes: []\n',
        '2:1: only one document is allowed (at or under `auth_scopes`)',
      ],
      ['canary: "x\n', '2:1: a character is missing (a colon, a comma, a quote or a bracket)'],
    ]
    for (const [text, problem] of cases) expect(problemsOf(text)).toEqual([problem])
  })

  test('brackets in text do not count as nesting, and the place of real nesting is told', () => {
    const text = JSON.stringify('[{'.repeat(100))

    expect(
      problemsOf(`downstream_servers: [{ id: a, command: x, args: [${text}] }] # ${'['.repeat(99)}`),
    ).toEqual([])
    expect(problemsOf(`auth_scopes: []\nx: ${'['.repeat(60)}`)).toEqual(['2:54: nested deeper than 50 levels'])
  })

  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n`
  test.each([
    ['an alias bomb', bomb],
    ['deep nesting', `a: ${'['.repeat(100_000)}`],
    ['deep nesting in block style', `${'- '.repeat(100_000)}x`],
    ['over 1 MiB', `# ${'x'.repeat(1_100_000)}`],
    ['__proto__', '__proto__: { polluted: 1 }'],
    ['constructor', 'auth_scopes: [{ id: a, constructor: 1 }]'],
    ['an unknown tag', 'auth_scopes: !!js/function "x"'],
    ['a custom tag', 'auth_scopes: !evil []'],
    ['a second document', 'auth_scopes: []\n---\nauth_scopes: []\n'],
    ['a key twice', 'auth_scopes: []\nauth_scopes: []\n'],
    ['broken syntax', 'auth_scopes: [canary-in-the-source'],
    ['a list at the top', '- a\n- b\n'],
    ['a complex key', '? [a]\n: b\n'],
  ])('%s, without a hang and without an echo', (_name, text) => {
    const started = performance.now()

    const error = errorOf(text)

    expect(error.problems.length).toBeGreaterThan(0)
    expect(inspect(error)).not.toContain('canary')
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test('a %YAML line, which would change what `no` means', () => {
    expect(problemsOf('%YAML 1.1\n---\nauth_scopes: []\n')).toEqual(['1:1: a %YAML line is not allowed'])
  })
})

test.each([
  'command: evil #\r    command: good',
  'command: evil # \u001b[2K\u001b[1G    command: good',
  'command: evil # \u0085    disabled: true',
  'command: evil # \u2028    disabled: true',
  'command: "\u202etxt.exe"',
])('what a person, or another reader of YAML, would see otherwise is refused: %p', (line) => {
  expect(problemsOf(`downstream_servers:\n  - id: a\n    ${line}\n`)[0]).toStartWith('3:')
})
