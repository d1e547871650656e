/** A config.json that is not understood; the message names the fields. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /** `problems` are lines such as `vision_config.depth: is missing`. */
  constructor(problems: readonly string[]) {
    const [only = ''] = problems;
    super(problems.length === 1 ? `config.json: ${only}` : ['config.json:', ...problems].join('\n  '));
  }
}
