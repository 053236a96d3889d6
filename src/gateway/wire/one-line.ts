const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20

/**
 * A valid message without line breaks, in the same number of bytes. In valid JSON they stand between tokens only,
 * where a space means the same; but a line of an event stream ends at both, and so do the lines of many who read
 * stdio: what stands between two of them would be a message of its own.
 */
export function onOneLine(message: Uint8Array): Uint8Array {
  if (!message.includes(NEWLINE) && !message.includes(RETURN)) return message
  const line = message.slice()
  for (const end of [NEWLINE, RETURN])
    for (let at = line.indexOf(end); at !== -1; at = line.indexOf(end, at + 1)) line[at] = SPACE
  return line
}
