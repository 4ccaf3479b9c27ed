/** Values as they are edited: what is not changed comes back byte for byte. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base64Of, bytesOfText } from '../../console/app/logic/data-bytes.ts';
import { bytesEdited, editedOf, inForm } from '../../console/app/logic/edited-value.ts';

const data = (text: string): string => base64Of(bytesOfText(text));

describe('an edited value', () => {
  test('is text where that loses nothing, else hex', () => {
    expect(editedOf(data('one\ntwo'))).toEqual({ form: 'text', text: 'one\ntwo' });
    expect(editedOf(data('one\r\ntwo')).form).toBe('hex');
    expect(editedOf('AAH/')).toEqual({ form: 'hex', text: '00 01 ff' });
    expect(editedOf(data('abc'), 'hex').text).toBe('61 62 63');
  });

  test('comes back as the bytes that it was, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const back = bytesEdited(editedOf(base64Of(bytes)));
        expect([...(back ?? [])]).toEqual([...bytes]);
      }),
    );
  });

  test('changes its form only if nothing is lost', () => {
    expect(inForm({ form: 'text', text: 'ab' }, 'hex')).toEqual({ form: 'hex', text: '61 62' });
    expect(inForm({ form: 'hex', text: '61 62' }, 'text')).toEqual({ form: 'text', text: 'ab' });
    expect(inForm({ form: 'hex', text: 'ff' }, 'text')).toBeNull();
    expect(inForm({ form: 'hex', text: 'f' }, 'text')).toBeNull();
    expect(bytesEdited({ form: 'hex', text: 'zz' })).toBeNull();
  });
});
