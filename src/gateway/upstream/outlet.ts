import type { LineWriter } from '../wire/line-writer.ts'

/** Where the messages that belong to one request of the client go; on stdio there is one for all. */
export interface Outlet {
  /** One JSON-RPC message, without a newline. Resolves when more can be taken. */
  send(line: Uint8Array): void | Promise<void>
  /** A promise while much of what was sent is not read yet; it resolves when there is room again. */
  room(): void | Promise<void>
  /** The reply was sent: nothing follows on this outlet. */
  end(): void
}

/** On a byte stream replies end nothing. */
export function outletOf(writer: LineWriter): Outlet {
  return { send: (line) => writer.write(line), room: () => writer.room(), end: () => undefined }
}
