import { expect, test } from 'bun:test'
import { LineSplitter, readLines } from '../../../../src/gateway/wire/framing.ts'
import { LineWriter } from '../../../../src/gateway/wire/line-writer.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

function split(chunks: Uint8Array[], maxBytes = 1000): { lines: string[]; skipped: number } {
  let skipped = 0
  const splitter = new LineSplitter(maxBytes, () => skipped++)
  const lines = chunks.flatMap((chunk) => [...splitter.push(chunk)].map((line) => decoder.decode(line)))
  return { lines, skipped }
}

test('lines are whole wherever the stream was cut, characters included', () => {
  const bytes = encoder.encode('{"a":"日本"}\n\n  \n{"b":"😀"}\nrest')
  for (let cut = 1; cut < bytes.length; cut++) {
    expect(split([bytes.subarray(0, cut), bytes.subarray(cut)]).lines).toEqual(['{"a":"日本"}', '{"b":"😀"}'])
  }
})

test('a line over the limit is skipped to its newline, the next one is read', () => {
  const chunks = ['x'.repeat(600), 'x'.repeat(600), 'x\nnext\n'].map((text) => encoder.encode(text))

  expect(split(chunks)).toEqual({ lines: ['next'], skipped: 1 })
})

test('the next chunk is not read before the last line is dealt with', async () => {
  const events: string[] = []
  let sent = 0
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        events.push(`read ${++sent}`)
        if (sent > 2) controller.close()
        else controller.enqueue(encoder.encode(`${sent}\n`))
      },
    },
    { highWaterMark: 0 },
  )

  await readLines(
    stream,
    async (line) => {
      await Promise.resolve()
      events.push(`line ${decoder.decode(line)}`)
    },
    () => undefined,
  )

  expect(events).toEqual(['read 1', 'line 1', 'read 2', 'line 2', 'read 3'])
})

test('a writer asks to wait once much is unread, and tells once that the reader is gone', async () => {
  let release = (): void => undefined
  const blocked = new Promise<number>((resolve) => {
    release = () => resolve(0)
  })
  let broken = 0
  const writer = new LineWriter({ write: () => 0, flush: () => blocked, end: () => 0 }, () => broken++)

  expect(writer.write(encoder.encode('small'))).toBeUndefined()
  const waiting = writer.write(new Uint8Array(2 * 1024 * 1024))
  expect(waiting).toBeInstanceOf(Promise)
  release()
  await waiting

  const failing = new LineWriter(
    { write: () => 0, flush: () => Promise.reject(new Error('EPIPE')), end: () => 0 },
    () => broken++,
  )
  await failing.write(new Uint8Array(2 * 1024 * 1024))
  void failing.write(encoder.encode('after'))
  expect(broken).toBe(1)
})
