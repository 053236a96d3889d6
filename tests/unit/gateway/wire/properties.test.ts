import { expect, test } from 'bun:test'
import { SessionMemory } from '../../../../src/gateway/session-memory.ts'
import { replaceWith } from '../../../../src/gateway/wire/json-edit.ts'
import {
  type Message,
  type RequestMessage,
  type ResponseMessage,
  readMessage,
} from '../../../../src/gateway/wire/message.ts'
import { PendingRequests } from '../../../../src/gateway/wire/pending.ts'
import { relabelRequest, restoreId, restoreToken } from '../../../../src/gateway/wire/relabel.ts'
import { bytesOf, textFrom } from '../../../helpers/bytes.ts'
import { seededRandom } from '../../../helpers/random.ts'

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000)
const ROUNDS = 2000

/** JSON text as odd as the grammar allows, which no value could give back as it was. */
class Oddity {
  readonly #random = seededRandom(SEED)

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.below(choices.length)]
    if (chosen === undefined) throw new Error('nothing to choose from')
    return chosen
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  space(): string {
    return this.pick(['', '', '', ' ', '  ', '\t'])
  }

  text(): string {
    const pieces = [
      'a',
      'Ω',
      '日本',
      '🎉',
      '\\u00e9',
      '\\ud800',
      '\\"',
      '\\\\',
      '\\/',
      '\\n',
      ' ',
      '$',
      '{',
      '"'.repeat(0),
    ]
    return `"${Array.from({ length: this.below(6) }, () => this.pick(pieces)).join('')}"`
  }

  value(depth = 0): string {
    const kind = this.below(depth > 5 ? 4 : 6)
    if (kind === 0) return this.pick(['null', 'true', 'false'])
    if (kind === 1)
      return this.pick(['0', '-0', '1e400', '-1.5E-3', '12345678901234567890', '1.0', '0.10', '1e+2'])
    if (kind < 4) return this.text()
    const parts = Array.from({ length: this.below(4) }, (_, n) =>
      kind === 4 ? this.value(depth + 1) : `"k${n}"${this.space()}:${this.space()}${this.value(depth + 1)}`,
    )
    const inside = parts.join(`${this.space()},${this.space()}`)
    return kind === 4 ? `[${this.space()}${inside}]` : `{${inside}${this.space()}}`
  }

  shuffled(parts: readonly string[]): string[] {
    return parts
      .map((part) => [this.below(1000), part] as const)
      .sort(([a], [b]) => a - b)
      .map(([, part]) => part)
  }

  id(): string {
    return this.pick([String(this.below(1e6)), '-7', this.text(), '9007199254740993'])
  }
}

const odd = new Oddity()

function read<K extends Message['kind']>(line: string, kind: K): Extract<Message, { kind: K }> {
  const message = readMessage(bytesOf(line))
  if (message.kind !== kind) throw new Error(`seed ${SEED}: not a ${kind}: ${line}`)
  return message as Extract<Message, { kind: K }>
}

test(`any request survives a relabelling, byte for byte but for what was relabelled (seed ${SEED})`, () => {
  for (let round = 0; round < ROUNDS; round++) {
    const params = odd.shuffled(['"name":"tool"', `"arguments":${odd.value()}`, `"other":${odd.value()}`])
    const parts = [
      `"id":${odd.id()}`,
      '"jsonrpc":"2.0"',
      '"method":"tools/call"',
      `"params":{${params.join(',')}}`,
    ]
    const line = `{${odd.shuffled([...parts, `"unknown":${odd.value()}`]).join(`${odd.space()},`)}}`
    const request = read(line, 'request')
    const name = request.params.get('name')
    if (name === undefined) throw new Error('no name')

    const relabelled = relabelRequest(request, 4711, [replaceWith(name, '"ns__tool"')])

    const again = read(textFrom(relabelled), 'request')
    const back = relabelRequest(again, 0, [replaceWith(again.params.get('name') ?? name, '"tool"')])
    const expected = relabelRequest(request, 0)
    expect({ seed: SEED, round, same: textFrom(back) === textFrom(expected) }).toEqual({
      seed: SEED,
      round,
      same: true,
    })
  }
})

test(`any response survives, under the id of the one who asked (seed ${SEED})`, () => {
  for (let round = 0; round < ROUNDS; round++) {
    const outcome = odd.pick([`"result":${odd.value()}`, '"error":{"code":-1,"message":"no","data":[1.0]}'])
    const line = `{${odd.shuffled(['"id":17', '"jsonrpc":"2.0"', outcome, `"more":${odd.value()}`]).join(',')}}`
    const asked = odd.id()
    const request = read(`{"jsonrpc":"2.0","id":${asked},"method":"x"}`, 'request')

    const restored = textFrom(restoreId(read(line, 'response'), request))

    expect({ seed: SEED, round, restored }).toEqual({
      seed: SEED,
      round,
      restored: line.replace('"id":17', () => `"id":${asked}`),
    })
  }
})

test(`whatever a reply has in it can be remembered, or not (seed ${SEED})`, () => {
  const memory = new SessionMemory()
  const NAMES = ['content', 'resource', 'task', 'taskId', 'uri']
  const value = (depth: number): string => {
    if (depth > 4) return odd.value(5)
    const parts = Array.from({ length: odd.below(4) }, () => value(depth + 1))
    if (odd.below(3) === 0) return `[${parts.join(',')}]`
    return `{${parts.map((part) => `"${odd.pick(NAMES)}":${part}`).join(',')}}`
  }

  for (let round = 0; round < ROUNDS; round++) {
    const line = `{"id":1,"result":${value(0)}}`
    expect(() => memory.remember('one', read(line, 'response'))).not.toThrow()
  }
})

test(`replies and progress of interleaved sessions never cross (seed ${SEED})`, () => {
  const pending = new PendingRequests()
  const heard: string[] = []
  const open: { id: number; owner: string; request: RequestMessage }[] = []
  let asked = 0
  for (let step = 0; step < 5000; step++) {
    if (odd.below(2) === 0 || open.length === 0) {
      // every session counts its ids and tokens from one
      const [session, n] = [odd.below(20), (asked++ % 7) + 1]
      const owner = `${session}/${asked}`
      const request = read(
        `{"jsonrpc":"2.0","id":${n},"method":"tools/call","params":{"_meta":{"progressToken":${n}}}}`,
        'request',
      )
      const id = pending.open({
        onReply: (reply: ResponseMessage) => heard.push(`reply ${owner} ${textFrom(reply.bytes)}`),
        onProgress: (progress) => {
          heard.push(`progress ${owner} ${textFrom(restoreToken(progress, request) ?? bytesOf('none'))}`)
        },
        onLost: () => heard.push(`lost ${owner}`),
      })
      open.push({ id, owner, request })
      continue
    }
    const index = odd.below(open.length)
    const chosen = open[index]
    if (chosen === undefined) continue
    const before = heard.length
    if (odd.below(2) === 0) {
      const line = `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${chosen.id},"progress":1}}`
      void pending.progress(read(line, 'notification'))
      const token = textFrom(chosen.request.bytes).match(/"progressToken":(\d+)/)?.[1]
      expect(heard[before]).toBe(`progress ${chosen.owner} ${line.replace(String(chosen.id), String(token))}`)
    } else {
      open.splice(index, 1)
      const line = `{"jsonrpc":"2.0","id":${chosen.id},"result":{"for":"${chosen.owner}"}}`
      expect(pending.settle(read(line, 'response'))).toBe(true)
      expect(pending.settle(read(line, 'response'))).toBe(false)
      expect(heard[before]).toBe(`reply ${chosen.owner} ${line}`)
    }
    expect(heard.length).toBe(before + 1)
  }
})
