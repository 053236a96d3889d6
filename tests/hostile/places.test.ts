import { describe, expect, test } from 'bun:test'
import { lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { RawClient } from '../helpers/mcp-client.ts'
import { AS_NOBODY, giveToNobody, hasBwrap, isRoot, NOBODY, WITHOUT_BWRAP } from '../helpers/nobody.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

describe('what runs programs, or looks up names, for whoever asks at a socket', () => {
  /** Which of the places a server can see; they are made in a mount namespace of its own. */
  async function seen(more: object): Promise<string> {
    using home = new TempHome()
    const moved = join(home.folder, 'moved')
    const names = '/run/systemd/resolve/io.systemd.Resolve'
    const places = [join(moved, 'tmux-0', 'default'), join(moved, 'systemd', 'private'), names]
    const script = `ls -d ${places.join(' ')} >&2; echo looked >&2`
    const server = { id: 'one', command: '/bin/sh', args: ['-c', script], startup_timeout_sec: 2, ...more }
    home.writeConfig(JSON.stringify({ downstream_servers: [server] }))
    const made = places.map((place) => `mkdir -p $(dirname ${place}) && touch ${place}`).join(' && ')
    const inside = `mount -t tmpfs tmpfs /run && ${made} && exec "$@"`
    const command = ['unshare', '-m', 'sh', '-c', inside, 'sh', BINARY, 'serve']
    const env = { HOME: join(home.folder, 'user'), TMUX_TMPDIR: moved, XDG_RUNTIME_DIR: moved }
    mkdirSync(env.HOME)
    await using client = await RawClient.start(home, {}, { command, env })
    await client.request('tools/list')
    await client.stderrHas('one | looked')
    return client.stderr.replace(/.*cannot access.*\n/g, '')
  }

  test.skipIf(!isRoot || !hasBwrap).each([
    ['default', {}],
    ['strict', { shield: 'strict' }],
    ['strict that may read the folder', { shield: 'strict', readable: ['..'] }],
  ] as [string, object][])('is out of reach where the variables put it: %s', async (_name, more) => {
    const text = await seen(more)

    expect(text).not.toContain('/default\n')
    expect(text).not.toContain('/private\n')
    expect(text).toContain('io.systemd.Resolve')
  })

  test.skipIf(!isRoot || !hasBwrap).each([
    ['default', {}],
    ['strict', { shield: 'strict' }],
  ] as [string, object][])('looks up no names without a network: %s', async (_name, more) => {
    expect(await seen({ ...more, network: 'none' })).not.toContain('io.systemd.Resolve')
    expect(await seen({ ...more, network: ['api.example.com'] })).not.toContain('io.systemd.Resolve')
  })
})

test.skipIf(!isRoot || !hasBwrap).each([
  ['default', {}],
  ['strict', { shield: 'strict' }],
] as [string, object][])(
  'what is typed at a terminal is not for a server behind bubblewrap, %s',
  async (_name, more) => {
    const shown = Promise.withResolvers<string>()
    const typing = Bun.spawn(['/bin/sh', '-c', 'tty; exec sleep 60'], {
      terminal: { data: (_terminal, data) => shown.resolve(String(data).trim()) },
    })
    const terminal = await shown.promise
    Bun.spawnSync(['chown', NOBODY, terminal])
    typing.terminal?.write('the-typed-passphrase\n')
    using home = new TempHome()
    // a device that is no terminal is there as ever, and so is a new terminal of its own
    const script = `head -n 1 <${terminal} >&2; head -c 3 </dev/zero | wc -c >&2; test -e /dev/ptmx && echo looked >&2`
    home.writeConfig(
      JSON.stringify({
        downstream_servers: [{ id: 'one', command: '/bin/sh', args: ['-c', script], ...more }],
      }),
    )
    giveToNobody(home)
    const command = [...AS_NOBODY, BINARY, 'serve']
    await using client = await RawClient.start(home, {}, { command, env: { HOME: home.folder } })

    await client.request('tools/list')
    await client.stderrHas('one | looked')
    typing.kill()

    expect(client.stderr).toContain('one | 3\n')
    expect(client.stderr).not.toContain('the-typed-passphrase')
  },
)

const hasDisk = readdirSync('/dev').some((name) => lstatSync(`/dev/${name}`).isBlockDevice())

test.skipIf(!isRoot || !hasBwrap || !hasDisk)(
  'a disk, which holds our files too, is not there for a server of root',
  async () => {
    const script = 'ls -l /dev | grep ^b >&2; test -c /dev/null && test -w /dev/shm && echo looked >&2'
    const server = { id: 'one', command: '/bin/sh', args: ['-c', script] }
    using home = new TempHome(JSON.stringify({ downstream_servers: [server] }))
    await using client = await RawClient.start(home)

    await client.request('tools/list')
    await client.stderrHas('one | looked')

    expect(client.stderr).not.toContain('one | b')
  },
)

test.skipIf(!isRoot).each([
  ['bubblewrap', [], {}],
  ['bubblewrap, strict', [], { shield: 'strict' }],
  ['Landlock', WITHOUT_BWRAP, {}],
] as [string, string[], object][])(
  'a control group of the user can be read only behind %s',
  async (_name, before, more) => {
    using home = new TempHome()
    // as systemd gives it to each user: who writes `cgroup.kill` there ends all that is in it
    const group = '/sys/fs/cgroup/user'
    const script = `cat ${group}/cgroup.procs >&2; echo 1 >${group}/cgroup.kill || echo kept out >&2; echo looked >&2`
    home.writeConfig(
      JSON.stringify({
        downstream_servers: [{ id: 'one', command: '/bin/sh', args: ['-c', script], ...more }],
      }),
    )
    giveToNobody(home)
    const made = `mkdir -m 777 ${group} && echo 4711 >${group}/cgroup.procs`
    const inside = `mount -t tmpfs tmpfs /sys/fs/cgroup && ${made} && exec "$@"`
    const command = ['unshare', '-m', 'sh', '-c', inside, 'sh', ...before, ...AS_NOBODY, BINARY, 'serve']
    await using client = await RawClient.start(home, {}, { command, env: { HOME: home.folder } })

    await client.request('tools/list')
    await client.stderrHas('one | looked')

    expect(client.stderr).toContain('one | 4711')
    expect(client.stderr).toContain('one | kept out')
  },
)
