/**
 * The one error that reading the configuration may end in. Its message alone must be enough to
 * mend the file: where the setting stands, what it says, what is wrong, what would be valid.
 */

/** A setting as it was written: by which key, where (`zoo.cfg line 3`, `environment ZOO_…`). */
export interface Assignment {
  readonly key: string;
  readonly value: string;
  readonly origin: string;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** The error for one setting; `valid` completes the sentence "valid: …". */
export function settingFault(setting: Assignment, problem: string, valid: string): ConfigError {
  const { origin, key, value } = setting;
  return new ConfigError(`${origin}: ${key}=${value}: ${problem}; valid: ${valid}`);
}

/** The error for a setting that nobody wrote. */
export function missingSetting(source: string, key: string, problem: string): ConfigError {
  return new ConfigError(`${source}: ${key} is missing: ${problem}`);
}
