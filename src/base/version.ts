declare const MCPLEXER_VERSION: string | undefined

/** Stamped in by the build; run from source it is `0.0.0-source`. */
export const version = typeof MCPLEXER_VERSION === 'string' ? MCPLEXER_VERSION : '0.0.0-source'
