/** The floor: a program in the same runtime that passes bytes between its own pipes and a child's, and reads nothing. */
const [command = ''] = process.argv.slice(2)
const child = Bun.spawn([command], { stdio: ['pipe', 'pipe', 'inherit'] })

await Promise.race([pass(Bun.stdin.stream(), child.stdin), pass(child.stdout, Bun.stdout.writer())])
process.exit(0)

async function pass(from: ReadableStream<Uint8Array>, to: Bun.FileSink): Promise<void> {
  for await (const chunk of from) {
    to.write(chunk)
    await to.flush()
  }
  await to.end()
}
