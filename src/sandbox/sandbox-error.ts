import { McplexerError } from '../base/index.ts'

export class SandboxError extends McplexerError {}
