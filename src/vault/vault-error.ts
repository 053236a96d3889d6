import { McplexerError } from '../base/index.ts'

export class VaultError extends McplexerError {}
