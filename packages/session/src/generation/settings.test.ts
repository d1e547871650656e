import { describe, expect, it } from 'vitest';
import { captionSettings, completeSettings, type GenerationSettings } from './settings.ts';
import { settingsFromConfig } from './settingsFromConfig.ts';

describe('settingsFromConfig', () => {
  it('reads what Qwen2.5-VL ships', () => {
    const shipped = {
      bos_token_id: 151643,
      pad_token_id: 151643,
      do_sample: true,
      eos_token_id: [151645, 151643],
      repetition_penalty: 1.05,
      temperature: 0.000001,
      transformers_version: '4.49.0',
    };
    expect(settingsFromConfig(shipped)).toEqual({
      settings: { stopTokens: [151645, 151643], repetitionPenalty: 1.05, temperature: 0.000001, topK: 50 },
      ignored: [],
    });
  });

  it('is greedy unless told to draw', () => {
    const { settings } = settingsFromConfig({
      temperature: 0.7,
      top_p: 0.8,
      top_k: 20,
      eos_token_id: 2,
      max_new_tokens: 9,
    });
    expect(settings).toEqual({ stopTokens: [2], maxTokens: 9 });
    expect(completeSettings(settings).temperature).toBe(0);
    const drawn = settingsFromConfig({ do_sample: true, top_p: 0.8, top_k: 0, stop_strings: 'END' }).settings;
    expect(drawn).toEqual({ temperature: 1, topK: 0, topP: 0.8, stopStrings: ['END'] });
  });

  it('names what it does not implement', () => {
    expect(settingsFromConfig({ num_beams: 4, min_p: null, typical_p: 0.9 }).ignored).toEqual([
      'num_beams',
      'typical_p',
    ]);
  });

  it.each([
    [{ do_sample: 1 }, 'do_sample must be true or false, got 1'],
    [{ eos_token_id: ['x'] }, 'eos_token_id must be a token id or a list of them, got ["x"]'],
    [{ do_sample: true, temperature: 0 }, 'temperature must be above 0 if do_sample is true'],
    [{ do_sample: true, top_p: 1.5 }, 'topP must be above 0 and at most 1, got 1.5'],
    [{ repetition_penalty: '1' }, 'repetition_penalty must be a number, got "1"'],
  ])('refuses %j', (config, problem) => {
    expect(() => settingsFromConfig(config)).toThrow(`generation_config.json: ${problem}`);
  });
});

describe('completeSettings', () => {
  const bad: [Partial<GenerationSettings>, string][] = [
    [{ maxTokens: 0 }, 'maxTokens must be a whole number above 0, got 0'],
    [{ stopTokens: [1.5] }, 'stopTokens must be token ids, got 1.5'],
    [{ stopStrings: [''] }, 'stopStrings must be texts that are not empty, got ""'],
    [{ temperature: Number.NaN }, 'temperature must be 0 or more, got null'],
    [{ topK: -1 }, 'topK must be a whole number, 0 or more, got -1'],
    [{ topP: 0 }, 'topP must be above 0 and at most 1, got 0'],
    [{ presencePenalty: Number.NaN }, 'presencePenalty must be a number, got null'],
    [{ frequencyPenalty: Number.POSITIVE_INFINITY }, 'frequencyPenalty must be a number, got null'],
    [{ emaPenalty: { penalty: 1.1, decay: 1, maxCount: 5 } }, 'emaPenalty.decay must be between 0 and 1, got 1'],
    [{ noRepeat: { size: 1, window: 9 } }, 'noRepeat.size must be a whole number above 1, got 1'],
    [{ logitBias: new Map([[3, Number.NaN]]) }, 'logitBias of token 3 must be a number'],
    [{ stopBias: 0 }, 'stopBias must be above 0, got 0'],
    [{ seed: 0.5 }, 'seed must be a whole number, got 0.5'],
  ];

  it.each(bad)('refuses %j', (settings, problem) => {
    expect(() => completeSettings(settings)).toThrow(problem);
  });

  it("holds the authors' settings for captions", () => {
    expect(captionSettings([2])).toMatchObject({ temperature: 0.4, topK: 256, stopTokens: [2], maxTokens: 20 });
  });
});
