export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
export const textFrom = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
