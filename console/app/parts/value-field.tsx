/** A field in which a value is typed, as text or as hex digits. */

import { type EditedValue, type EditForm, inForm } from '../logic/edited-value.ts';

interface ValueFieldProps {
  readonly value: EditedValue;
  readonly onChange: (value: EditedValue) => void;
}

const formsOfValue: readonly EditForm[] = ['text', 'hex'];

export function ValueField({ value, onChange }: ValueFieldProps) {
  return (
    <div class="value-field">
      <div class="row">
        {formsOfValue.map((form) => {
          const other = form === value.form ? value : inForm(value, form);
          return (
            <button
              key={form}
              type="button"
              aria-pressed={form === value.form}
              disabled={other === null}
              onClick={() => other !== null && onChange(other)}
            >
              {form}
            </button>
          );
        })}
      </div>
      <textarea
        class="mono"
        aria-label="Value"
        spellcheck={false}
        value={value.text}
        onInput={({ currentTarget }) => onChange({ ...value, text: currentTarget.value })}
      />
    </div>
  );
}
