import { describe, expect, test } from 'bun:test'
import { createConnection, type Socket } from 'node:net'
import { connect, DaemonHome } from '../helpers/daemon-home.ts'
import { configOf } from '../helpers/fixtures.ts'
import { eventually } from '../helpers/processes.ts'

/** Connections to the daemon, gone with `using`. */
class Connections implements Disposable {
  readonly #sockets: Socket[] = []
  readonly #home: DaemonHome
  heard = ''

  constructor(home: DaemonHome) {
    this.#home = home
    home.runSync(['serve', '--daemon'])
  }

  get open(): number {
    return this.#sockets.filter(({ closed }) => !closed).length
  }

  /** `count` more, each of which says `words`. */
  async add(count: number, words: string): Promise<void> {
    const added = Array.from({ length: count }, () => createConnection(this.#home.file('run/gateway.sock')))
    this.#sockets.push(...added)
    await Promise.all(
      added.map((socket) => {
        socket.on('error', () => undefined)
        socket.on('data', (chunk) => {
          this.heard += chunk
        })
        return new Promise<void>((resolve) => {
          socket.once('connect', () => socket.write(words, () => resolve()))
          socket.once('close', () => resolve())
        })
      }),
    )
  }

  leave(): void {
    this.#sockets.shift()?.destroy()
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}\n'

describe('connections that have not said the proof', () => {
  test('are closed after a moment, and take no place of those that do', async () => {
    using home = new DaemonHome()
    using silent = new Connections(home)
    for (let round = 0; round < 4; round++) await silent.add(100, '')

    await using client = await connect(home)
    expect(await client.callText('one__echo', { message: 'a' })).toBe('a')
    expect(home.status.sessions).toBe(1)

    await eventually(() => silent.open === 0, 'all are closed')
    expect(silent.heard).toBe('')
    expect(await client.callText('one__echo', { message: 'b' })).toBe('b')
  })

  test('are closed when they say something else, be it without an end', async () => {
    using home = new DaemonHome(configOf([]))
    using others = new Connections(home)

    await others.add(1, `${'x'.repeat(43)}\n${PING}`)
    await others.add(1, 'x'.repeat(1000))

    await eventually(() => others.open === 0, 'they are closed')
    expect(others.heard).toBe('')
  })
})

describe('too many of those that said the proof', () => {
  test('as sessions are closed, and who asks after the daemon is still answered', async () => {
    using home = new DaemonHome(configOf([]))
    using sessions = new Connections(home)
    const answers = () => sessions.heard.split('\n').length - 1
    for (const count of [200, 256]) {
      await sessions.add(count - sessions.open, `${home.read('run/proof')}${PING}`)
      await eventually(() => answers() === count, 'all are answered')
    }

    await sessions.add(1, `${home.read('run/proof')}${PING}`)

    await eventually(() => sessions.open === 256, 'it has gone')
    expect(answers()).toBe(256)
    expect(home.status).toMatchObject({ running: true, sessions: 256 })
  })

  test('are closed as soon as they come, until others have left', async () => {
    using home = new DaemonHome(configOf([]))
    using connections = new Connections(home)

    await connections.add(200, home.read('run/proof'))
    await eventually(() => home.status.sessions === 200, 'the first are let in')
    await connections.add(80, home.read('run/proof'))

    await eventually(() => connections.open === 272, 'eight have gone')
    expect(home.status.running).toBe(false)
    connections.leave()
    await eventually(() => home.status.running, 'there is a place again')
    expect(home.status.sessions).toBe(271)
  })
})
