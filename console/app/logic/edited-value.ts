/**
 * A value as it is edited and compared: text where it is text, else rows of hex digits. What is
 * typed comes back as bytes, exactly.
 */

import { bytesOf, bytesOfHex, bytesOfText, hexRow, hexRows, textOf } from './data-bytes.ts';

export type EditForm = 'text' | 'hex';

export interface EditedValue {
  readonly form: EditForm;
  readonly text: string;
}

/** How a value (base64) is shown for editing; as text if that loses nothing. */
export function editedOf(data: string, form?: EditForm): EditedValue {
  const bytes = bytesOf(data);
  const text = textOf(bytes);
  // A browser's text field makes one of \r\n, so such text is edited as bytes.
  const isText = form !== 'hex' && text !== null && !text.includes('\r');
  return isText ? { form: 'text', text } : { form: 'hex', text: hexText(bytes) };
}

/** Null when it is not hex. */
export function bytesEdited({ form, text }: EditedValue): Uint8Array<ArrayBuffer> | null {
  return form === 'text' ? bytesOfText(text) : bytesOfHex(text);
}

/** The same value in the other form; null when that is not possible. */
export function inForm(value: EditedValue, form: EditForm): EditedValue | null {
  if (form === value.form) return value;
  const bytes = bytesEdited(value);
  if (bytes === null) return null;
  if (form === 'hex') return { form, text: hexText(bytes) };
  const text = textOf(bytes);
  return text === null || text.includes('\r') ? null : { form, text };
}

function hexText(bytes: Uint8Array): string {
  const rows = Array.from({ length: hexRows(bytes.length) }, (_, row) => hexRow(bytes, row));
  return rows.map(({ hex }) => hex.trimEnd()).join('\n');
}
