/**
 * Bytes of znodes as the console's server sends them (base64), as text, and as rows of hex. Nothing
 * is lost on the way: text that is not UTF-8 is not shown as text at all.
 */

const chunkBytes = 0x8000;

/** Of base64 that the server made; throws on anything else. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

export function base64Of(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    binary += String.fromCharCode(...bytes.subarray(at, at + chunkBytes));
  }
  return btoa(binary);
}

export const bytesOfText = (text: string): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(text);

/** Null when the bytes are not UTF-8, or hold control characters that no text has. */
export function textOf(bytes: Uint8Array): string | null {
  let text: string;
  try {
    // A mark at the start belongs to the data: it has to be there again after an edit.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
  return hasControls(text) ? null : text;
}

function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 32 && code !== 9 && code !== 10 && code !== 13) return true;
    if (code === 127) return true;
  }
  return false;
}

export const bytesPerRow = 16;

export interface HexRow {
  readonly offset: string;
  /** Two groups of eight bytes. */
  readonly hex: string;
  readonly text: string;
}

export const hexRows = (length: number): number => Math.ceil(length / bytesPerRow);

/** One row of the hex view; rows are made when they are looked at. */
export function hexRow(bytes: Uint8Array, row: number): HexRow {
  const start = row * bytesPerRow;
  let hex = '';
  let text = '';
  for (let at = start; at < start + bytesPerRow; at++) {
    const byte = bytes[at];
    const two = byte === undefined ? '  ' : byte.toString(16).padStart(2, '0');
    hex += (at === start ? '' : at === start + 8 ? '  ' : ' ') + two;
    if (byte !== undefined) text += byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '·';
  }
  return { offset: start.toString(16).padStart(8, '0'), hex, text };
}

/** Bytes typed as hex digits, blanks apart; null when that is not what was typed. */
export function bytesOfHex(text: string): Uint8Array<ArrayBuffer> | null {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) return null;
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  }
  return bytes;
}
